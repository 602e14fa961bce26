"""How sentences for people give counts, shares, times and what comes from outside.

counts       format_count(2, "camera") is "2 cameras"; format_share(0.4) is "40 %"
shorten      shorten(text, 300) is its first words and how much is left out
site_time    format_site_time(utc, zone) is a time of day at the site
"""

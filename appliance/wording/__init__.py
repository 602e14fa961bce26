"""How sentences for people give counts, shares and times.

counts       format_count(2, "camera") is "2 cameras"; format_share(0.4) is "40 %"
site_time    format_site_time(utc, zone) is a time of day at the site
"""

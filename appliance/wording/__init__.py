"""How sentences for people give counts, shares, times and what comes from outside; and sentences
that can be told in another language.

counts       format_count(2, "camera") is "2 cameras"; format_share(0.4) is "40 %"
shorten      shorten(text, 300) is its first words and how much is left out
sentence     say("it has {celsius:.0f} C", celsius=51) is text and data at once
sentence_data  that as JSON and back, as rows keep it
translating  translate(sentence, "ro"): that, or all of a document, in another language
site_time    format_site_time(utc, zone) is a time of day at the site
words        words of enumerations, for the catalogues
"""

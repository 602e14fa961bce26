"""`make bench-page`: what the page costs, how quick it is, and what judges say of it.

unit         a unit in the middle of a good day, and its page as PID 1 starts it
cold_start   from no process to the page and its first status
visit        a first visit: bytes, layout shift, largest paint, until it answers a finger
at_rest      processor and memory while one page is open, and while nobody looks
audit        axe and Lighthouse
"""

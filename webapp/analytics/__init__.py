"""Analytics: how rooms and hours are used, how much changes, what is broken for how long, and how long answers take.

`python -m webapp.analytics` reads what there is to show as JSON and writes the plots; pandas stays out of the web.
"""

"""GeoDataFrames in, self-contained pages out: interactive maps that open without a network.

`maps.sheet.Sheet` holds what one page shows, as frames; `maps.page.render` makes the page of it.
Nothing here knows where the frames come from.
"""

"""Portals to test with, from the empty one to one with everything in it.

``opened``
    A portal in a folder of its own: nobody in it, and the means to bring people in.
``desk``
    Two firms that declare, in a territory where nothing was computed yet.
``town``
    Four firms, a person of each kind, and plans on demand.
``furnished``
    That town with everything that rights are about, and the states that it may be in;
    ``doors`` knocks at each of its addresses, ``hostile`` renames all that is in it.
``killing``
    Servers and workers that are killed while people use them.
"""

"""Removal of names, passwords and keys from URLs that appear in messages."""

import re

HOST = re.compile(r"([^:]*|\[.*\])(:\d+)?")
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
# Without a scheme, and yet with what may be a password or a key.
SECRETS = re.compile(r":.*@|^[^/]*@(localhost|[^/]*[.:])|[?&#][^=/]*=", re.DOTALL)


def plain(url: str) -> str:
    """Removes everything secret from a URL; a text that is no URL stays as it is.

    A scheme may be missing, and a password may hold characters that it should not.
    """
    scheme, is_url, rest = url.partition("://")
    is_url = is_url if SCHEME.fullmatch(scheme) else ""
    if not is_url and not SECRETS.search(url):
        return url
    if not is_url:
        return re.split("[?#]", url.rpartition("@")[2], maxsplit=1)[0]
    place = re.split("[/?#]", rest, maxsplit=1)[0]
    if "@" in place and HOST.fullmatch(place.rpartition("@")[2]):
        rest = rest[len(place.rpartition("@")[0]) + 1 :]
    elif "@" in rest and not HOST.fullmatch(place):
        rest = rest.rpartition("@")[2]
    return f"{scheme}{is_url}{re.split('[?#]', rest, maxsplit=1)[0]}"

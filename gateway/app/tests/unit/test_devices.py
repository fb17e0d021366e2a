from __future__ import annotations

import pytest

from gateway_app.domain.devices import label

MOZILLA = "Mozilla/5.0"
WEBKIT = "AppleWebKit/537.36"


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        (f"{MOZILLA} (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (f"{MOZILLA} (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/140.0.0.0 Safari/537.36", "Chrome on Windows"),
        (f"{MOZILLA} (Windows NT 10.0) {WEBKIT} Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        (f"{MOZILLA} (X11; Linux x86_64) {WEBKIT} Chrome/140.0 Safari/537.36 OPR/120.0", "Opera on Linux"),
        (f"{MOZILLA} (Macintosh; Intel Mac OS X 14_5) {WEBKIT} Version/18.0 Safari/605.1.15", "Safari on macOS"),
        (f"{MOZILLA} (iPhone; iPhone OS 18 like Mac OS X) {WEBKIT} Version/18.0 Safari/604.1", "Safari on iPhone"),
        (f"{MOZILLA} (Linux; Android 15; Pixel 9) {WEBKIT} Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        (f"{MOZILLA} (Linux; Android 15) {WEBKIT} SamsungBrowser/28 Chrome/130", "Samsung Internet on Android"),
        (f"{MOZILLA} (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/140.0 Safari/537.36", "Chrome on ChromeOS"),
        ("curl/8.5.0", "curl"),
        ("", "Unknown browser"),
        ("<script>alert(1)</script>", "Unknown browser"),
    ],
)  # fmt: skip
def test_a_device_is_named_so_that_its_owner_knows_it(user_agent: str, expected: str) -> None:
    assert label(user_agent) == expected

"""Browsers inside apps, in which Google refuses to log in: real user agents of these and of others."""

import re

import pytest

from accounts.web.assets import FOLDER

_SCRIPT = (FOLDER / "providers.js").read_text(encoding="utf-8")
_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
_ANDROID = "Mozilla/5.0 (Linux; Android 14; SM-S918B Build/UP1A.231005.007; wv)"
IN_APPS = {
    "Facebook on iOS": f"{_IPHONE} Mobile/15E148 [FBAN/FBIOS;FBAV/490.0.0.34.100;FBBV/663422331;FBDV/iPhone15,3]",
    "Facebook on Android": (
        f"{_ANDROID} {_WEBKIT} Version/4.0 Chrome/131.0.6778.39 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/490.0.0.63.82;]"
    ),
    "Messenger on iOS": f"{_IPHONE} Mobile/22B91 [FBAN/MessengerForiOS;FBAV/484.0.0.38.109;FBDV/iPhone15,3]",
    "Instagram on iOS": f"{_IPHONE} Mobile/22B91 Instagram 359.1.0.25.89 (iPhone15,3; iOS 18_1_1; en_US; scale=3.00)",
    "Instagram on Android": (
        f"{_ANDROID} {_WEBKIT} Version/4.0 Chrome/131.0.6778.39 Mobile Safari/537.36 Instagram 358.0.0.51.97 Android "
        "(34/14; 450dpi; 1080x2115; samsung; SM-S918B; dm3q; qcom; en_GB; 673256705)"
    ),
    "WeChat on iOS": f"{_IPHONE} Mobile/15E148 MicroMessenger/8.0.53(0x18003531) NetType/WIFI Language/zh_CN",
    "WeChat on Android": (
        f"Mozilla/5.0 (Linux; Android 13; V2148A Build/TP1A.220624.014) {_WEBKIT} Version/4.0 Chrome/116.0.0.0 Mobile "
        "Safari/537.36 XWEB/1160117 MMWEBSDK/20240501 MicroMessenger/8.0.50.2701(0x2800325B) WeChat/arm64"
    ),
    "WeChat on Windows": (
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/122.0.0.0 Safari/537.36 NetType/WIFI "
        "MicroMessenger/7.0.20.1781(0x6700143B) WindowsWechat(0x63090c11) XWEB/11275 Flue"
    ),
    "Line on iOS": f"{_IPHONE} Mobile/15E148 Safari Line/14.19.1",
    "Line on Android": f"{_ANDROID} {_WEBKIT} Version/4.0 Chrome/130.0.6723.107 Mobile Safari/537.36 Line/14.18.1/IAB",
    "TikTok on iOS": f"{_IPHONE} Mobile/15E148 musical_ly_36.9.0 BytedanceWebview/d8a21c6 FalconTag/7C2E4AB0",
    "TikTok on Android": (
        f"Mozilla/5.0 (Linux; Android 12; M2101K6G) {_WEBKIT} Version/4.0 Chrome/130.0.6723.107 Mobile Safari/537.36 "
        "trill_360805 BytedanceWebview/d8a21c6"
    ),
    "Snapchat on iOS": f"{_IPHONE} Mobile/15E148 Snapchat/13.15.0.42 (like Safari/8619.2.8.10.7, panda)",
    "Snapchat on Android": (
        f"{_ANDROID} {_WEBKIT} Version/4.0 Chrome/131.0.6778.39 Mobile Safari/537.36 Snapchat/13.16.0.48"
    ),
    "KakaoTalk": f"{_IPHONE} Mobile/15E148 KAKAOTALK 11.2.1",
    "LinkedIn": f"{_IPHONE} Mobile/15E148 [LinkedInApp]/9.30.4136",
    "X": f"{_IPHONE} Version/18.1.1 Mobile/15E148 Safari/604.1 Twitter for iPhone/10.70",
    "another app's WebView": f"{_ANDROID} {_WEBKIT} Version/4.0 Chrome/131.0.6778.39 Mobile Safari/537.36",
}
BROWSERS = {
    "Chrome on Windows": f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/131.0.0.0 Safari/537.36",
    "Chrome on Android": f"Mozilla/5.0 (Linux; Android 10; K) {_WEBKIT} Chrome/131.0.0.0 Mobile Safari/537.36",
    "Chrome on iOS": f"{_IPHONE} CriOS/131.0.6778.73 Mobile/15E148 Safari/604.1",
    "Chrome on ChromeOS": f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {_WEBKIT} Chrome/131.0.0.0 Safari/537.36",
    "Safari on iOS": f"{_IPHONE} Version/18.1.1 Mobile/15E148 Safari/604.1",
    "Safari on macOS": (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1.1 "
        "Safari/605.1.15"
    ),
    "Firefox on Linux": "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
    "Firefox on Android": "Mozilla/5.0 (Android 14; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0",
    "Firefox on iOS": f"{_IPHONE} FxiOS/133.0 Mobile/15E148 Safari/605.1.15",
    "Edge": f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/131.0.0.0 Safari/537.36 Edg/131.0.2903.63",
    "Samsung Internet": (
        f"Mozilla/5.0 (Linux; Android 10; K) {_WEBKIT} SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36"
    ),
    "Opera": f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/130.0.0.0 Safari/537.36 OPR/115.0.0.0",
    "UC Browser": (
        f"Mozilla/5.0 (Linux; U; Android 13; en-US; SM-A146B) {_WEBKIT} Version/4.0 Chrome/123.0.6312.80 "
        "UCBrowser/13.8.2.1324 Mobile Safari/537.36"
    ),
    "DuckDuckGo on iOS": f"{_IPHONE} Version/18.1 Mobile/15E148 DuckDuckGo/7 Safari/605.1.15",
    "the Google app on iOS": f"{_IPHONE} GSA/344.0.702099321 Mobile/15E148 Safari/604.1",
    "a site on the home screen of iOS": f"{_IPHONE} Mobile/15E148",
    "Konqueror": "Mozilla/5.0 (X11; Linux) KHTML/5.116.0 (like Gecko) Konqueror/5 KIO/5.116",
}


def is_in_app(user_agent: str) -> bool:
    """By the expression of the page, which means the same in Python."""
    (pattern,) = re.findall(r"const IN_APP =\s+/(.+)/;", _SCRIPT)
    return re.search(pattern, user_agent) is not None


@pytest.mark.parametrize("name", IN_APPS)
def test_a_browser_inside_an_app_is_known(name: str) -> None:
    assert is_in_app(IN_APPS[name])


@pytest.mark.parametrize("name", BROWSERS)
def test_a_browser_of_its_own_is_not_taken_for_one(name: str) -> None:
    assert not is_in_app(BROWSERS[name])

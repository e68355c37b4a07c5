"""What each answer tells the browser not to do. OWASP's secure headers; CSP Level 3."""

from __future__ import annotations

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src {style}; img-src 'self' data:; font-src 'self'; "
    "media-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    "require-trusted-types-for 'script'; trusted-types {types}"
)
HEADERS = {
    "Content-Security-Policy": _POLICY.format(style="'self'", types="'none'"),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Strict-Transport-Security": "max-age=31536000",
}


def with_waveform(nonce: str) -> dict[str, str]:
    """For the one page with a player: its library writes a style sheet of its own, which has this nonce, and makes
    markup of a text that player.js compares with the one that it knows."""
    return {"Content-Security-Policy": _POLICY.format(style=f"'self' 'nonce-{nonce}'", types="default")}

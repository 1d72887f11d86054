"""Headers that tell browsers what our pages never do."""

from __future__ import annotations

from flask import Flask, Response, request


def policy(frames: str = "'none'") -> str:
    """What a page may load, and who may show it in a frame."""
    return "; ".join(
        (
            "default-src 'self'",
            "base-uri 'none'",
            "object-src 'none'",
            "form-action 'self'",
            f"frame-ancestors {frames}",
        )
    )


POLICY = policy()


def init_app(app: Flask) -> None:
    """Put the headers on every response."""
    app.after_request(_protect)


def _protect(response: Response) -> Response:
    headers = response.headers
    if "Content-Security-Policy" not in headers:
        headers["Content-Security-Policy"] = POLICY
        headers.setdefault("X-Frame-Options", "DENY")  # it knows no list of those who may
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if request.is_secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response

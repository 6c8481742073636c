"""Where a teacher is reached, and the key that opens it. A key is read when it is needed and kept nowhere."""

from __future__ import annotations

import ipaddress
import os
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from sleepcot_utils.errors import ParameterError, TeacherError

OPENAI_URL = "https://api.openai.com/v1"
OPENAI_HOST = "api.openai.com"
#: Servers on the own machine (vLLM, Ollama, llama.cpp) mostly ask for no key, but the SDK wants some text.
NO_KEY = "no-key-needed"
#: Keys that a server half hides in its message, as in "Incorrect API key provided: sk-ab***yz".
KEY_SHAPE = re.compile(r"\b(?:sk|gsk|hf)[-_][\w*.-]{6,}")
SHORTEST_KEY = 8


class Secret:
    """A key that shows itself in no repr, log or traceback."""

    def __init__(self, value: str) -> None:
        self._reveal = lambda: value

    def __repr__(self) -> str:
        return "Secret()"

    def reveal(self) -> str:
        """The key itself, for the client that sends it."""
        return self._reveal()

    def hidden_in(self, text: str) -> str:
        """A text with the key taken out. Texts shorter than any real key are left, lest they be ordinary words."""
        key = self.reveal()
        return text.replace(key, "[key]") if len(key) >= SHORTEST_KEY and key != NO_KEY else text

    def safe_message(self, text: str) -> str:
        """A message of the server in one line, short, with keys taken out, whole or half hidden."""
        line = " ".join(KEY_SHAPE.sub("[key]", self.hidden_in(text)).split())
        return line if len(line) <= 300 else f"{line[:300]}..."


@dataclass(frozen=True)
class Endpoint:
    """Base address of a chat completions API.

    Attributes
    ----------
    url : str
        Base URL without a slash at its end.
    address : str
        Host (with its port, if it has one) and path: what the cache key and records hold.
    host : str
        Host name in lower case.
    """

    url: str
    address: str
    host: str

    @classmethod
    def of(cls, base_url: str | None) -> Endpoint:
        """Read a base URL; without one, ``OPENAI_BASE_URL`` of the environment, else OpenAI's own."""
        url = (base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI_URL).strip().rstrip("/")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise cls._wrong("the base URL can't be read") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise cls._wrong("the base URL is no web address")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise cls._wrong("the base URL holds more than an address; a secret in it would end up in records")
        host = parts.hostname.lower()
        name = f"[{host}]" if ":" in host else host
        return cls(url, f"{name}:{port}{parts.path}" if port else f"{name}{parts.path}", host)

    @property
    def on_this_machine(self) -> bool:
        """Whether the host is a loopback address, so that nothing leaves the machine."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def require_consent(self, allow_remote: bool) -> None:
        """Refuse a host elsewhere unless the user has said that prompts may go there."""
        if not (self.on_this_machine or allow_remote):
            raise TeacherError(
                "prompts hold people's sleep and health data, and they would leave this machine",
                where=f"teacher at {self.host}",
                expected="allow_remote=True to send them with names, ids and dates masked, or a server on localhost",
            )

    def key(self, variable: str) -> Secret:
        """The API key from an environment variable.

        Raises
        ------
        TeacherError
            If there is none for a host elsewhere, if it can't be a key, or if it would travel unencrypted.
        """
        where = f"teacher at {self.host}"
        key = os.environ.get(variable, "").strip()
        encrypted = self.url.startswith("https:")
        if key and not (key.isascii() and key.isprintable() and " " not in key):
            raise TeacherError(
                f"the environment variable {variable} holds characters that no API key has",
                where=where,
                expected="the key alone, without quotes or line breaks",
            )
        if self.on_this_machine or not (key or encrypted):
            return Secret(key or NO_KEY)
        if not key:
            raise TeacherError(
                f"the environment variable {variable} is not set",
                where=where,
                expected=f"an API key in {variable}; keys are read from the environment only",
            )
        if not encrypted:
            raise TeacherError(
                "the API key would travel unencrypted over http",
                where=where,
                expected="an https address, or a tunnel to a port on localhost",
            )
        return Secret(key)

    @staticmethod
    def _wrong(problem: str) -> ParameterError:
        # The value isn't shown: the reason for refusing it may be that it holds a secret.
        return ParameterError(problem, where="base_url", expected="such as https://api.openai.com/v1")

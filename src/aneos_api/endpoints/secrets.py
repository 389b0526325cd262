"""Settings as they may be shown."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, SecretStr

HIDDEN = "(set)"


def without_secrets(settings: BaseModel) -> dict[str, Any]:
    """Settings in JSON's types; of a secret only whether it is set."""
    return {name: _shown(getattr(settings, name)) for name in type(settings).model_fields}


def _shown(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return HIDDEN
    if isinstance(value, BaseModel):
        return without_secrets(value)
    if isinstance(value, tuple | list):
        return [_shown(item) for item in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)

from __future__ import annotations

from messenger_testing.offline import offline

__all__ = ["offline"]

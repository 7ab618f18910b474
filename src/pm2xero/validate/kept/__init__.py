"""What was worked out before about files that have not changed since, and is not worked out again.

Nothing here decides anything: where it is not there, not readable, not one's own or not whole, all
is worked out anew. What is kept is found by the bytes that it was made of, and is JSON.
"""

from __future__ import annotations

"""Pictures of sellers: decoded and fingerprinted in locked-down processes, never in the window's own.

`pictures`, `messages`, `child` and `pool` are the window's side and import no picture library.
`worker` and what it imports (`containers`, `decoder`, `fingerprint`, `lockdown`, `samples`) run in the
worker process only.
"""

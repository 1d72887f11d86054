"""Locks in Redis, which several web processes share: a hash for each schedule, changed by scripts, by Redis's clock."""

from __future__ import annotations

import json
from typing import Any

import redis
from sqlalchemy.orm import Session

from webapp.live.backplane_redis import client
from webapp.services.errors import Unavailable
from webapp.store.leases import Holder, Lock

_NOW = "local t = redis.call('TIME') local now = t[1] * 1000 + math.floor(t[2] / 1000) "
_TAKE = (
    _NOW
    + """
local raw = redis.call('HGET', KEYS[1], ARGV[1])
local lease = raw and cjson.decode(raw) or {client = '', editor = '', name = '', token = 0, till = 0}
local own = lease.client == ARGV[2] and lease.editor == ARGV[3]
if own or lease.till <= now then
  if not own then
    lease.token = math.max(lease.token + 1, now)
    lease.client, lease.editor, lease.name = ARGV[2], ARGV[3], ARGV[4]
  end
  lease.till = now + ARGV[5]
  redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(lease))
  redis.call('EXPIRE', KEYS[1], 86400)
end
return {cjson.encode(lease), now}
"""
)
_RELEASE = (
    _NOW
    + """
local raw = redis.call('HGET', KEYS[1], ARGV[1])
if not raw then return 0 end
local lease = cjson.decode(raw)
if lease.client ~= ARGV[2] or lease.editor ~= ARGV[3] or lease.token ~= tonumber(ARGV[4]) then return 0 end
lease.client, lease.till = '', now
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(lease))
return 1
"""
)
_HELD = _NOW + "return {redis.call('HGETALL', KEYS[1]), now}"


class RedisLocks:
    """Locks by scripts that Redis runs one at a time.

    A token is at least the time, so that it goes on rising when Redis has forgotten everything.
    """

    def __init__(self, url: str) -> None:
        self._redis = client(url)

    def take(self, schedule_id: str, session_id: str, holder: Holder, seconds: float) -> Lock:
        given = (session_id, holder.client_id, holder.editor_id, holder.name, round(seconds * 1000))
        raw, now = self._run(_TAKE, schedule_id, *given)
        return _lock(session_id, json.loads(raw), now)

    def release(self, schedule_id: str, session_id: str, holder: Holder, token: int) -> bool:
        return bool(self._run(_RELEASE, schedule_id, session_id, holder.client_id, holder.editor_id, token))

    def held(self, session: Session, schedule_id: str) -> list[Lock]:
        flat, now = self._run(_HELD, schedule_id)
        leases = {name: json.loads(raw) for name, raw in zip(flat[::2], flat[1::2], strict=True)}
        return [_lock(name, lease, now) for name, lease in sorted(leases.items()) if lease["till"] > now]

    def _run(self, script: str, schedule_id: str, *given: Any) -> Any:
        try:
            return self._redis.eval(script, 1, f"callboard:locks:{schedule_id}", *given)
        except (redis.RedisError, OSError) as error:
            raise Unavailable("locks cannot be had while Redis does not answer; saving works all the same") from error


def _lock(session_id: str, lease: dict[str, Any], now: int) -> Lock:
    holder = Holder(lease["client"], lease["editor"], lease["name"])
    return Lock(session_id, holder, int(lease["token"]), (lease["till"] - now) / 1000)

"""One server has many addresses and names, one address many servers over time: which sightings are of one server.

The rule (`docs/census-method.md` says why):

1. What is seen at one address with one certificate is one instance.
2. Instances with the same certificate are one server, unless the certificate is seen at more than 32 addresses on one
   day: then it is a default or a shared one and says nothing. A wildcard certificate names a domain and no server: its
   instances are one server only if they also give themselves the same name.
3. Instances with the same host name (from the certificate or DNS) are one server, unless the name has the address in
   it, as providers make them, is a wildcard, is seen at more than 32 addresses on one day, or is of an inner network
   (`ex01.firma.local`): a thousand firms may have the same.
4. Instances with the same name of their own (`X-FEServer`, Shadowserver's `servername`) under the same parent domain
   are one server. Without a domain such a name (EX01) says nothing, nor under a domain below which others register
   (`co.at`, `dyndns.org`: the Public Suffix List), or that is seen at more than 32 addresses, as a provider's is.
5. A name counts for an instance only if each of its sightings that has names shows it; so do names of its own. Else the
   address may have been handed on, and would join the servers before and after.
6. What is seen at an address without a certificate belongs to the server that is seen there with one, if in the whole
   store only one server is. If there are several, it stays on its own: an address can be handed on.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from waspglass.census.reading import Reading
from waspglass.census.store.folder import DERIVED
from waspglass.census.store.parquet import parquet_sql, sql_text

__all__ = ["SHARED_LIMIT", "ensure_identity"]

SHARED_LIMIT = 32
"""A certificate or name at more addresses than this on one day is taken for shared and joins nothing."""

_VERSION = "5"
"""Raise it when the rule changes, and that of `count_cache`, too: what was kept before is then not used."""

_INSTANCES = """
CREATE OR REPLACE TEMP TABLE seen AS
SELECT *, row_number() OVER () AS shape FROM (
  SELECT DISTINCT address, coalesce(certificate, '') AS certificate, names, lower(server_name) AS server_name
  FROM {files} WHERE product = $product)
"""

_NUMBERED = """
CREATE OR REPLACE TEMP TABLE instance AS
SELECT address, certificate, (row_number() OVER (ORDER BY address, certificate) - 1)::BIGINT AS id
FROM (SELECT DISTINCT address, certificate FROM seen)
"""

# What is asked for more than once is MATERIALIZED: that took a tenth of the CPU off (9 million rows).
_KEYED = r"""
CREATE OR REPLACE TEMP TABLE keyed AS
WITH numbered AS (
  SELECT * FROM seen JOIN instance USING (address, certificate)
), named AS (
  SELECT id, address, certificate, shape, server_name, unnest(names) AS name FROM numbered
), wild AS (
  SELECT DISTINCT certificate, substr(name, 3) AS name FROM named
  WHERE name LIKE '*.%' AND certificate <> ''
), own AS MATERIALIZED (
  SELECT *, regexp_replace(name, '[^0-9]+', '-', 'g') AS digits, string_split(address, '.') AS octets,
    substr(name, instr(name, '.') + 1) AS parent
  FROM named ANTI JOIN wild USING (certificate, name) WHERE name NOT LIKE '*.%'
    AND NOT regexp_matches(name, '\.({inner})$')
), proper AS MATERIALIZED (
  SELECT id, shape, server_name, name, parent FROM own
  WHERE len(octets) <> 4 OR NOT (
    contains('-' || digits || '-', '-' || octets[3] || '-' || octets[4] || '-')
    OR contains('-' || digits || '-', '-' || octets[4] || '-' || octets[3] || '-')
    OR contains(name, printf('%02x%02x%02x%02x', {octets})) OR contains(name, printf('%03d%03d%03d%03d', {octets})))
), owned AS (
  SELECT parent FROM own ANTI JOIN public_suffix USING (parent)
  GROUP BY parent HAVING count(DISTINCT address) <= {limit}
), shown AS MATERIALIZED (
  SELECT id, shape, 'w' AS kind, certificate || '@' || server_name AS word FROM numbered
    SEMI JOIN wild USING (certificate) WHERE server_name IS NOT NULL
  UNION SELECT id, shape, 'n', name FROM proper
  UNION SELECT id, shape, 's', server_name || '@' || parent FROM proper SEMI JOIN owned USING (parent)
    WHERE server_name IS NOT NULL AND contains(parent, '.')
), shapes AS (
  SELECT id, kind, count(DISTINCT shape) AS number FROM shown GROUP BY ALL
)
SELECT id, address, 'c:' || certificate AS key FROM instance ANTI JOIN wild USING (certificate) WHERE certificate <> ''
UNION ALL
SELECT id, address, kind || ':' || word FROM (
  SELECT id, kind, word FROM shown JOIN shapes USING (id, kind)
  GROUP BY id, kind, word HAVING count(*) = any_value(number)) JOIN instance USING (id)
"""
_PARENTS = """
SELECT DISTINCT substr(name, instr(name, '.') + 1) AS parent
FROM (SELECT unnest(names) AS name FROM seen WHERE server_name IS NOT NULL) WHERE contains(name, '.')
"""

_INNER = "local|localdomain|localhost|lan|home|internal|intern|intra|intranet|corp|private|home\\.arpa"
"""Ends of names that are unique in one network only (RFC 6762, appendix G; RFC 8375), and what Germans write."""
_OCTETS = ", ".join(f"TRY_CAST(octets[{place}] AS INTEGER)" for place in range(1, 5))

_WIDTHS = """
CREATE OR REPLACE TEMP TABLE width AS SELECT key, count(DISTINCT address) AS addresses FROM keyed GROUP BY key
"""

_WIDE = """
CREATE OR REPLACE TEMP TABLE wide AS SELECT key, address, certificate FROM keyed JOIN instance USING (id, address)
SEMI JOIN (SELECT key FROM width WHERE addresses > {limit} AND addresses <= {limit} * {days}) USING (key)
"""

_BUSY = """
SELECT w.key FROM {files} f JOIN wide w ON f.address = w.address AND coalesce(f.certificate, '') = w.certificate
WHERE f.product = $product GROUP BY w.key, f.date HAVING count(DISTINCT w.address) > {limit}
"""
"""Keys at too many addresses on one day. Those at more than the limit times the days are so on some day for certain."""

_EDGES = """
WITH narrow AS (
  SELECT key, (row_number() OVER (ORDER BY key) - 1)::BIGINT AS number FROM width
  WHERE addresses <= {limit} * {days} AND key NOT IN (SELECT key FROM busy)
)
SELECT id AS instance, number AS key FROM keyed JOIN narrow USING (key)
"""

_LONE = """
SELECT bare.id AS bare, min(c.server) AS server
FROM instance bare JOIN instance other ON bare.address = other.address AND other.certificate <> ''
JOIN component c ON c.id = other.id
WHERE bare.certificate = '' GROUP BY bare.id HAVING count(DISTINCT c.server) = 1
"""


def ensure_identity(reading: Reading) -> None:
    """Makes the table `identity(address, certificate, server)` of a reading, once; `certificate` is '' for none.

    The table is kept beside the store's data, under the digest of the files that it was made from.
    """
    connection = reading.connection
    known = connection.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'identity'").fetchall()
    if known[0][0]:
        return
    kept = _kept_path(reading)
    if kept is not None and reading.folder.fs.exists(kept):
        try:
            connection.execute(f"CREATE TABLE identity AS SELECT * FROM {parquet_sql([kept])}")  # noqa: S608 - ours
        except duckdb.Error:
            with contextlib.suppress(OSError):
                reading.folder.fs.rm(kept)
        else:
            return
    _compute(reading)
    if kept is not None:
        _keep(reading, kept)


def _keep(reading: Reading, kept: str) -> None:
    """Keeps the table for later questions; a store that cannot be written to is no fault of a question."""
    fresh = f"{kept}.{os.getpid()}.new"
    with contextlib.suppress(OSError, duckdb.Error):
        reading.folder.fs.makedirs(kept.rsplit("/", 1)[0], exist_ok=True)
        for old in Path(kept).parent.glob("identity-*.parquet"):
            old.unlink(missing_ok=True)
        reading.connection.execute(f"COPY identity TO {sql_text(fresh)} (FORMAT parquet)")
        reading.folder.fs.mv(fresh, kept)


def _kept_path(reading: Reading) -> str | None:
    if not reading.folder.local:
        return None
    names = "\n".join([_VERSION, reading.product, reading.fingerprint])
    return reading.folder.path(DERIVED, f"identity-{hashlib.sha256(names.encode()).hexdigest()[:20]}.parquet")


def _compute(reading: Reading) -> None:
    connection = reading.connection
    connection.execute(_INSTANCES.format(files=reading.files_sql()), {"product": reading.product})
    connection.execute(_NUMBERED)
    edges = _edges(reading)
    count = connection.execute("SELECT count(*) FROM instance").fetchall()[0][0]
    servers = _components(count, edges["instance"].to_numpy(), edges["key"].to_numpy())
    component = pa.table({"id": pa.array(np.arange(count)), "server": pa.array(servers)})
    connection.register("component", component)
    lone = connection.sql(_LONE).to_arrow_table()
    servers[lone["bare"].to_numpy()] = lone["server"].to_numpy()
    connection.unregister("component")
    connection.register("component", pa.table({"id": pa.array(np.arange(count)), "server": pa.array(servers)}))
    connection.execute(
        "CREATE TABLE identity AS SELECT i.address, i.certificate, c.server FROM instance i JOIN component c USING (id)"
    )
    connection.unregister("component")
    connection.execute("DROP TABLE seen; DROP TABLE instance")


def _edges(reading: Reading) -> pa.Table:
    """Which instance has which key, without the keys that are shared; columns `instance` and `key`."""
    connection = reading.connection
    numbers: dict[str, object] = {"limit": SHARED_LIMIT, "days": len({day for day, _ in reading.scans()})}
    connection.register("public_suffix", _public_suffixes(connection.sql(_PARENTS).to_arrow_table()["parent"]))
    connection.execute(_KEYED.format(octets=_OCTETS, inner=_INNER, **numbers))
    connection.execute(_WIDTHS)
    connection.execute(_WIDE.format(**numbers))
    busy = reading.table(_BUSY.format(files=reading.files_sql(), **numbers))
    connection.register("busy", busy)
    edges = connection.sql(_EDGES.format(**numbers)).to_arrow_table()
    connection.unregister("busy")
    connection.unregister("public_suffix")
    connection.execute("DROP TABLE keyed; DROP TABLE width; DROP TABLE wide")
    return edges


def _public_suffixes(parents: pa.ChunkedArray) -> pa.Table:
    """Those below which anybody may register a name, as a table of `parent`."""
    from publicsuffixlist import PublicSuffixList  # reading the list takes time, and most questions find the table kept

    is_public = PublicSuffixList().is_public
    return pa.table({"parent": pa.array([each for each in parents.to_pylist() if is_public(each)], pa.string())})


def _components(count: int, instances: npt.NDArray[np.int64], keys: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The server of each instance: connected components of the graph between instances and keys."""
    # SciPy takes long to load, and most questions find the table kept.
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    size = count + (int(keys.max()) + 1 if len(keys) else 0)
    ones = np.ones(len(instances), dtype=np.int8)
    graph = coo_matrix((ones, (instances, keys + count)), shape=(size, size))
    return np.asarray(connected_components(graph, directed=False)[1][:count], dtype=np.int64)

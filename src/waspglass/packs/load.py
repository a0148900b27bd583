"""Loads a campaign pack by its name or folder; one that was loaded before comes from the user's cache."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from waspglass.model.errors import PackError
from waspglass.model.path_status import is_file
from waspglass.packs.pack import Pack
from waspglass.packs.stored import Store, folder_key, pack_from_json, pack_to_json

__all__ = ["built_in_packs", "load_pack", "pack_folder"]

_BUILT_IN = Path(__file__).parent


def built_in_packs() -> tuple[str, ...]:
    """Ids of the packs that come with the program."""
    return tuple(sorted(head.parent.name for head in _BUILT_IN.glob("*/pack.yml")))


def pack_folder(name_or_dir: str | Path) -> Path:
    """The folder of a pack, by the id of a built-in one or by its path.

    Raises:
        PackError: If there is no such pack.
    """
    folder = Path(name_or_dir)
    if isinstance(name_or_dir, str) and name_or_dir in built_in_packs():
        folder = _BUILT_IN / name_or_dir
    reason = ""
    try:
        if is_file(folder / "pack.yml"):
            return folder
    except OSError as fault:  # nobody may look there, or a name is too long
        reason = f" ({fault.strerror})"
    hint = f"Give a folder that holds a pack.yml, or one of: {', '.join(built_in_packs())}"
    raise PackError(f"no campaign pack {str(name_or_dir)!r}{reason}", hint=hint)


def load_pack(name_or_dir: str | Path, store: Store | None = None) -> Pack:
    """Loads a built-in pack by its id, or a pack from a folder.

    Rules and indicators stay text (the hunt engine parses and caches them), and the known-good hashes stay on disk.

    Args:
        name_or_dir: Id or folder.
        store: Where loaded packs are kept; a pack of which no file was changed since is not read again.

    Raises:
        PackError: If there is no such pack or a file of it is faulty; carries file, line and field.
    """
    folder = pack_folder(name_or_dir)
    key = None if store is None else folder_key(folder)
    stored = None if store is None or key is None else store.get(key)
    pack = None if stored is None else pack_from_json(stored)
    if pack is None:
        from waspglass.packs.folder import read_folder

        pack = read_folder(folder)
        if store is not None and key is not None:
            with suppress(ValueError):  # a folder whose name is not UTF-8 cannot be told in JSON: it is read each time
                store.put(key, pack_to_json(pack))
    return pack

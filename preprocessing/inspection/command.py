"""The command that shows a store as a listing or a contact sheet."""

from collections.abc import Sequence
from pathlib import Path

from preprocessing.errors import InputError
from preprocessing.files.outputs import require_file
from preprocessing.inspection.listing import print_listing
from preprocessing.inspection.options import InspectConfig
from preprocessing.labels.reading import read_labels
from preprocessing.store.feature_store import FeatureStore
from preprocessing.terminal.console import note
from preprocessing.terminal.exit_codes import DONE, SOME_FAILED

MOST_DRAWN = 24


def run(config: InspectConfig) -> int:
    """Runs the command ``inspect``; see ``InspectConfig``.

    Raises:
        InputError: ``--json`` and ``--sheet`` are both given.
    """
    store = FeatureStore(config.store)
    ids = _chosen(store, config.only)
    if not ids and not config.json:
        note(f"there are no sequences in {store.root}; is it a store?")
    if config.sheet is None:
        failed = print_listing(store, ids, config.json)
    elif config.json:
        raise InputError("--json and --sheet do not go together; give one of them")
    else:
        failed = _draw(store, ids, config, config.sheet)
    return SOME_FAILED if failed else DONE


def _chosen(store: FeatureStore, only: Sequence[str]) -> list[str]:
    for sequence_id in only:
        if sequence_id not in store:
            raise InputError(
                f"--only {sequence_id}: there is no such sequence in {store.root}; "
                f"`longtake inspect {store.root}` lists all"
            )
    return list(dict.fromkeys(only)) or store.ids()


def _draw(store: FeatureStore, ids: list[str], config: InspectConfig, path: Path) -> int:
    """Draws the sheet; see ``draw_sheet``."""
    if path.suffix.lower() != ".png" or path.is_dir():
        raise InputError(f"--sheet {path}: expected the name of a picture, such as sheet.png")
    require_file("--sheet", path, "sheet.png")
    if not ids:
        raise InputError(f"there are no sequences in {store.root}, so there is nothing to draw")
    given = config.labels
    labels = None
    if given:
        labels = read_labels(config.options_for(given, config.task), store, are_true=False)
    from preprocessing.inspection.contact_sheet import draw_sheet
    from preprocessing.inspection.sheet_entry import spread

    if len(ids) > MOST_DRAWN and not config.only:
        note(
            f"{MOST_DRAWN} of {len(ids)} sequences, spread over the store, are drawn; "
            "--only ID... chooses others"
        )
        ids = [ids[number] for number in spread(len(ids), MOST_DRAWN)]
    return draw_sheet(store, ids, path, labels)

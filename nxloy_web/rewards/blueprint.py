"""Where the views of rewards and their stock hang, and how they find their reward."""

from nxloy_web.db.ids import is_id
from nxloy_web.db.rows import find
from nxloy_web.errors import NotFound
from nxloy_web.tables.rewards import Reward
from nxloy_web.web.places import desk

bp = desk("rewards", __name__, "/rewards")


def checked(row_id: str) -> str:
    """An id from an address: anything else cannot be a row."""
    if not is_id(row_id):
        raise NotFound
    return row_id


def find_reward(reward_id: str) -> Reward:
    return find(Reward, checked(reward_id))

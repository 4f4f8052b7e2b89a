"""Where the views of rewards and their stock hang, and how they find their reward."""

from nxloy_web.db.rows import find
from nxloy_web.tables.rewards import Reward
from nxloy_web.web.places import desk

bp = desk("rewards", __name__, "/rewards")


def find_reward(reward_id: str) -> Reward:
    return find(Reward, reward_id)

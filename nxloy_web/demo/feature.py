"""The demo shop."""

from nxloy_web.demo.command import demo_command
from nxloy_web.web.features import Feature

FEATURE = Feature(
    commands=(demo_command,),
)

<%
    def body(text):
        lines = [line for line in (text or "").splitlines() if "###" not in line]
        return "\n".join(lines).strip() or "pass"
    loses = context.get("down_loses", ())
%>\
"""${message.rstrip(".!")}."""

${context.get("ours", "from nxloy_web.schema import online")}

revision = "${up_revision}"
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}
phase = "${context.get("phase", "expand")}"
% if loses:
down_loses = ${repr(loses)}
% endif


${context.get("mark", "")}def upgrade() -> None:
    ${body(upgrades)}


${context.get("mark", "")}def downgrade() -> None:
    ${body(downgrades)}

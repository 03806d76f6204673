"""Names of models as people type them: one, or several by commas that take turns."""


def members_of(name: str) -> list[str]:
    """Split a name such as ``A,B`` into models; commas between the parameters of one model do not split."""
    members: list[str] = []
    for part in name.split(","):
        # simulated:p_error=0.1,p_hard=0.05 is one model: a parameter has no colon before its equals sign.
        if members and "=" in part and ":" not in part.partition("=")[0]:
            members[-1] += f",{part}"
        else:
            members.append(part)
    return [member.strip() for member in members if member.strip()] or [name]

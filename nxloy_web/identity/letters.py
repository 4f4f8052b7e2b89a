"""The letters about a person's account. None of them tells a stranger who has one."""

from dataclasses import dataclass

from nxloy_web.mail.letters import Words


@dataclass(frozen=True, kw_only=True)
class VerifyEmail(Words):
    kind: str = "verify_email"
    subject: str = "Confirm your address"
    name: str
    link: str
    hours: int = 48


@dataclass(frozen=True, kw_only=True)
class SignUpAgain(Words):
    kind: str = "sign_up_again"
    subject: str = "You have an account already"
    sign_in_link: str
    reset_link: str


@dataclass(frozen=True, kw_only=True)
class SignInCode(Words):
    kind: str = "sign_in_code"
    is_private: bool = True
    code: str
    minutes: int


@dataclass(frozen=True, kw_only=True)
class ResetPassword(Words):
    kind: str = "reset_password"
    subject: str = "Choose a new password"
    name: str
    link: str


@dataclass(frozen=True, kw_only=True)
class PasswordChanged(Words):
    kind: str = "password_changed"
    subject: str = "Your password was changed"
    name: str
    link: str


@dataclass(frozen=True, kw_only=True)
class ChangeEmail(Words):
    kind: str = "change_email"
    subject: str = "Confirm your new address"
    name: str
    link: str
    hours: int = 24


@dataclass(frozen=True, kw_only=True)
class ChangeEmailTaken(Words):
    kind: str = "change_email_taken"
    subject: str = "This address has an account already"
    link: str


@dataclass(frozen=True, kw_only=True)
class EmailChanged(Words):
    kind: str = "email_changed"
    subject: str = "Your address was changed"
    name: str
    new_email: str

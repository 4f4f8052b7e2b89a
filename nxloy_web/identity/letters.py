"""The letters about a person's account. None of them tells a stranger who has one."""

from dataclasses import dataclass

from nxloy_web.mail.letters import Words


@dataclass(frozen=True, kw_only=True)
class AccountWords(Words):
    is_private: bool = True


@dataclass(frozen=True, kw_only=True)
class VerifyEmail(AccountWords):
    kind: str = "verify_email"
    subject: str = "Confirm your address"
    name: str
    link: str
    hours: int = 48


@dataclass(frozen=True, kw_only=True)
class SignUpAgain(AccountWords):
    kind: str = "sign_up_again"
    subject: str = "You have an account already"
    sign_in_link: str
    reset_link: str


@dataclass(frozen=True, kw_only=True)
class SignInCode(AccountWords):
    kind: str = "sign_in_code"
    code: str
    minutes: int


@dataclass(frozen=True, kw_only=True)
class ResetPassword(AccountWords):
    kind: str = "reset_password"
    subject: str = "Choose a new password"
    name: str
    link: str


@dataclass(frozen=True, kw_only=True)
class PasswordChanged(AccountWords):
    kind: str = "password_changed"
    subject: str = "Your password was changed"
    name: str
    link: str


@dataclass(frozen=True, kw_only=True)
class ChangeEmail(AccountWords):
    kind: str = "change_email"
    subject: str = "Confirm your new address"
    name: str
    link: str
    hours: int = 24


@dataclass(frozen=True, kw_only=True)
class ChangeEmailTaken(AccountWords):
    kind: str = "change_email_taken"
    subject: str = "This address has an account already"
    link: str


@dataclass(frozen=True, kw_only=True)
class EmailChanged(AccountWords):
    kind: str = "email_changed"
    subject: str = "Your address was changed"
    name: str
    new_email: str

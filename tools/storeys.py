"""A contract for import-linter, whose own layers take no patterns: the storeys of the house.

Every module stands in the first storey whose pattern fits its name, and imports only from its own
storey and from lower ones. A module without a storey fails. Features stand in an order too.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output
from importlinter.application.contract_utils import AlertLevel, remove_ignored_imports_and_report


class Storeys(Contract):
    """Every module has a storey, and imports nothing from above."""

    type_name = "storeys"

    storeys = fields.ListField(subfield=fields.StringField())
    """`storey: pattern pattern …`, from the top down; see `Plan`."""
    features = fields.StringField()
    """Folders of features, from the top down."""
    decided = fields.ListField(subfield=fields.StringField(), required=False)
    """`feature -> feature`: an arrow that runs up all the same."""
    sees = fields.ListField(subfield=fields.StringField(), required=False)
    """`storey: storey …`: a storey that sees only these of the ones below it."""
    packages = fields.ListField(subfield=fields.StringField(), required=False)
    """`package package …: storey …`: packages of others that only these storeys import."""
    ignore_imports = fields.SetField(subfield=fields.ImportExpressionField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        removal = remove_ignored_imports_and_report(
            graph=graph,
            ignore_imports=self.ignore_imports,  # type: ignore[arg-type]
            unmatched_alerting=AlertLevel.ERROR,  # type: ignore[arg-type]
        )
        root = self.session_options["root_packages"][0]
        plan = Plan.read(
            lines(self.storeys),
            str(self.features),
            lines(self.decided),
            lines(self.sees),
            lines(self.packages),
        )
        found = list(plan.wrongs(Imports(graph, root)))
        return ContractCheck(
            kept=not found,
            warnings=list(removal.warnings),
            ignored_import_count=removal.ignored_import_count,
            metadata={"sentences": found},
        )

    def render_broken_contract(self, check: ContractCheck) -> None:
        for sentence in check.metadata["sentences"]:
            output.print_error(sentence, bold=False)
        output.new_line()


@dataclass(frozen=True)
class Imports:
    """The graph of one package. Modules are named as below it, `__init__` being itself."""

    graph: ImportGraph
    root: str

    @property
    def modules(self) -> list[str]:
        return sorted(filter(None, map(self.inside, self.graph.modules)))

    def inside(self, name: str) -> str | None:
        """A module's name below the package, None for another package."""
        if name == self.root:
            return "__init__"
        return name.removeprefix(f"{self.root}.") if name.startswith(f"{self.root}.") else None

    def of(self, module: str) -> Iterator[tuple[str, str | None, str]]:
        """What a module imports: the whole name, the name inside, and the place to look at."""
        importer = self.root if module == "__init__" else f"{self.root}.{module}"
        for imported in sorted(self.graph.find_modules_directly_imported_by(importer)):
            details = self.graph.get_import_details(importer=importer, imported=imported)
            line = f", line {details[0]['line_number']}" if details else ""
            yield imported, self.inside(imported), f"{importer}{line}"


@dataclass(frozen=True)
class Plan:
    """What the contract says. In a pattern `*` stands for letters of one part of a name, `.**` at
    the end for a package and everything in it, and `<feature>` for any of the features."""

    storeys: dict[str, re.Pattern[str]]
    features: list[str]
    decided: set[str]
    sees: dict[str, set[str]]
    packages: dict[str, set[str]]

    @classmethod
    def read(
        cls,
        storeys: list[str],
        features: str,
        decided: list[str],
        sees: list[str],
        packages: list[str],
    ) -> "Plan":
        names = features.split()
        plan = cls(
            storeys={
                storey: re.compile("|".join(expression(pattern, names) for pattern in patterns))
                for storey, patterns in map(parted, storeys)
            },
            features=names,
            decided=set(decided),
            sees={storey: set(seen) for storey, seen in map(parted, sees)},
            packages={
                package: set(allowed)
                for line in packages
                for package in line.partition(":")[0].split()
                for _, allowed in [parted(line)]
            },
        )
        named = set(plan.sees).union(*plan.sees.values(), *plan.packages.values())
        if unknown := named - plan.storeys.keys():
            raise ValueError(f"No such storey: {', '.join(sorted(unknown))}.")
        return plan

    def storey_of(self, module: str) -> str | None:
        fits = (storey for storey, names in self.storeys.items() if names.fullmatch(module))
        return next(fits, None)

    def wrongs(self, imports: Imports) -> Iterator[str]:
        """A sentence for each thing that is not as the plan says."""
        heights = {storey: -depth for depth, storey in enumerate(self.storeys)}
        used = set()
        for module in imports.modules:
            own = self.storey_of(module)
            if own is None:
                yield (
                    f"{imports.root}.{module} has no storey: no pattern in .importlinter fits its "
                    "name. Give it a name that tells its storey, or add its folder there."
                )
                continue
            for imported, inside, where in imports.of(module):
                if inside is None:
                    if own not in self.packages.get(imported, {own}):
                        yield f"{where}: {own} may not import {imported}."
                    continue
                other = self.storey_of(inside)
                if other is None:
                    continue  # said once, of the module itself
                if heights[other] > heights[own]:
                    yield f"{where}: {own} may not import {imported} of {other} above."
                elif own in self.sees and other not in {own, *self.sees[own]}:
                    yield f"{where}: {own} does not see {imported} of {other}."
                elif arrow := self.arrow_up(module, inside):
                    used.add(arrow)
                    if arrow not in self.decided:
                        yield f"{where}: {imported} is of a feature above: {arrow}."
        for arrow in sorted(self.decided - used):
            yield f"No import runs {arrow} any more: take it out of .importlinter."

    def arrow_up(self, module: str, imported: str) -> str | None:
        """`feature -> feature` when the second stands above the first."""
        own, other = module.split(".")[0], imported.split(".")[0]
        if own not in self.features or other not in self.features:
            return None
        if self.features.index(own) <= self.features.index(other):
            return None
        return f"{own} -> {other}"


def lines(option: object) -> list[str]:
    return [str(line) for line in option] if isinstance(option, Iterable) else []


def parted(line: str) -> tuple[str, list[str]]:
    left, colon, right = line.partition(":")
    if not colon:
        raise ValueError(f"A colon is missing: {line}")
    return left.strip(), right.split()


def expression(pattern: str, features: list[str]) -> str:
    tree = r"(\..+)?" if pattern.endswith(".**") else ""
    name = re.escape(pattern.removesuffix(".**")).replace(r"\*", r"[^.]*")
    return name.replace("<feature>", f"({'|'.join(features)})") + tree

"""Reads [{name, sql}] as JSON from stdin and says, as JSON, what sqlglot makes of each statement in Redshift's dialect,
statements in procedures' bodies included: {statements: n, breaches: [{name, rule, text}]}."""

import json
import logging
import re
import sys

from sqlglot import exp, parse
from sqlglot.dialects.redshift import Redshift
from sqlglot.errors import SqlglotError
from sqlglot.tokens import TokenType

from rules import breaches_of

logging.disable(logging.CRITICAL)

# What sqlglot cannot parse but Redshift documents, with the only form that Sluice may use.
COMMANDS = {
    # https://docs.aws.amazon.com/redshift/latest/dg/r_LOCK.html
    "LOCK": r'LOCK "[a-z_0-9]+"\."[a-z_0-9]+"',
    # https://docs.aws.amazon.com/redshift/latest/dg/r_CALL_procedure.html
    "CALL": r'CALL "[a-z_0-9]+"\."[a-z_0-9]+"\((:[a-z_]+)?\)',
}


class PlPgSql(Redshift):
    class Tokenizer(Redshift.Tokenizer):
        COMMANDS = set()  # DECLARE and the like would swallow what follows


class Body:
    """A PL/pgSQL block, cut into the SQL it is made of: control structures by hand, all else for sqlglot."""

    def __init__(self, text):
        self.text = text
        self.tokens = PlPgSql().tokenize(text)
        self.at = 0
        self.variables = set()

    def word(self, offset=0):
        """The keyword or sign at a place; empty for a name in quotes, a text, and past the end."""
        index = self.at + offset
        if index >= len(self.tokens) or self.tokens[index].token_type in (TokenType.IDENTIFIER, TokenType.STRING):
            return ""
        return self.tokens[index].text.upper()

    def until(self, *words):
        """The source up to one of these words outside parentheses and CASE, which is passed over."""
        start, depth = self.at, 0
        while self.at < len(self.tokens):
            word = self.word()
            if depth == 0 and word in words:
                break
            depth += (word in ("(", "CASE")) - (word == ")" or (word == "END" and depth > 0))
            self.at += 1
        else:
            raise ValueError(f"no {' or '.join(words)} before the end of the block")
        text = self.text[self.tokens[start].start : self.tokens[self.at].start].strip() if self.at > start else ""
        self.at += 1
        return text

    def without_into(self, text):
        """SELECT … INTO variables: sqlglot knows INTO for a table only."""
        names = "|".join(sorted(self.variables))
        return re.sub(rf"\sINTO (?:(?:{names})(?:, )?)+(?=\s|$)", " ", text, count=1) if names else text

    def statements(self):
        if self.word() == "DECLARE":
            self.at += 1
            while self.word() != "BEGIN":
                name, declared = self.until(";").split(None, 1)
                self.variables.add(name)
                yield f"SELECT CAST(NULL AS {declared})"
        if self.word() != "BEGIN":
            raise ValueError(f"a block begins with {self.word()}")
        self.at += 1
        depth = 0
        while True:
            if self.word() == "IF":
                self.at += 1
                depth += 1
                yield f"SELECT 1 WHERE {self.until('THEN')}"
            elif self.word() == "ELSE":
                self.at += 1
            elif self.word() == "END" and self.word(1) == "IF":
                self.until(";")
                depth -= 1
            elif self.word() == "END":
                self.until(";")
                if depth != 0 or self.at != len(self.tokens):
                    raise ValueError("the block does not end where it should")
                return
            elif self.word() == "RAISE":
                self.at += 1
                if self.word() not in ("EXCEPTION", "INFO"):
                    raise ValueError(f"RAISE {self.word()}")
                self.at += 1
                yield f"SELECT {self.until(';')}"
            elif self.word(1) == ":=":
                if self.word().lower() not in self.variables:
                    raise ValueError(f"{self.word()} is not declared")
                self.at += 2
                yield f"SELECT {self.until(';')}"
            else:
                yield self.without_into(self.until(";"))


def check(name, sql, in_procedure, found):
    try:
        trees = parse(sql, dialect="redshift")
    except SqlglotError as error:
        found.append({"name": name, "rule": "parses", "text": f"{str(error)[:200]} in {sql[:200]}"})
        return 1
    if len(trees) != 1 or trees[0] is None:
        found.append({"name": name, "rule": "one statement", "text": sql[:200]})
        return 1
    (tree,) = trees
    count = 1
    for command in tree.find_all(exp.Command):
        form = COMMANDS.get(command.this.upper())
        if form is None or not re.fullmatch(form, sql.strip()):
            found.append({"name": name, "rule": "understood", "text": sql[:200]})
    for rule, text in breaches_of(tree, sql, in_procedure):
        found.append({"name": name, "rule": rule, "text": str(text)[:200]})
    heredoc = tree.find(exp.Heredoc)
    if heredoc is not None:
        try:
            for statement in Body(heredoc.this).statements():
                count += check(name, statement, True, found)
        except (ValueError, SqlglotError) as error:
            found.append({"name": name, "rule": "parses", "text": str(error)[:200]})
    return count


found = []
total = sum(check(one["name"], one["sql"], False, found) for one in json.load(sys.stdin))
json.dump({"statements": total, "breaches": found}, sys.stdout)

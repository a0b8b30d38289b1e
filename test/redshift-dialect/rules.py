"""What Redshift refuses although a PostgreSQL parser takes it, each rule with the page that says so."""

from sqlglot import exp

DG = "https://docs.aws.amazon.com/redshift/latest/dg/"

# DG r_pg_keywords.html
RESERVED = set(
    """AES128 AES256 ALL ALLOWOVERWRITE ANALYSE ANALYZE AND ANY ARRAY AS ASC AUTHORIZATION AZ64 BACKUP BETWEEN BINARY
    BLANKSASNULL BOTH BYTEDICT BZIP2 CASE CAST CHECK COLLATE COLUMN CONSTRAINT CREATE CREDENTIALS CROSS CURRENT_DATE
    CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER CURRENT_USER_ID DEFAULT DEFERRABLE DEFLATE DEFRAG DELTA DELTA32K DESC
    DISABLE DISTINCT DO ELSE EMPTYASNULL ENABLE ENCODE ENCRYPT ENCRYPTION END EXCEPT EXPLICIT FALSE FOR FOREIGN FREEZE
    FROM FULL GLOBALDICT256 GLOBALDICT64K GRANT GROUP GZIP HAVING IDENTITY IGNORE ILIKE IN INITIALLY INNER INTERSECT
    INTERVAL INTO IS ISNULL JOIN LEADING LEFT LIKE LIMIT LOCALTIME LOCALTIMESTAMP LUN LUNS LZO LZOP MINUS MOSTLY16
    MOSTLY32 MOSTLY8 NATURAL NEW NOT NOTNULL NULL NULLS OFF OFFLINE OFFSET OID OLD ON ONLY OPEN OR ORDER OUTER OVERLAPS
    PARALLEL PARTITION PERCENT PERMISSIONS PIVOT PLACING PRIMARY RAW READRATIO RECOVER REFERENCES REJECTLOG RESORT RESPECT
    RESTORE RIGHT SELECT SESSION_USER SIMILAR SNAPSHOT SOME SYSDATE SYSTEM TABLE TAG TDES TEXT255 TEXT32K THEN TIMESTAMP
    TO TOP TRAILING TRUE TRUNCATECOLUMNS UNION UNIQUE UNNEST UNPIVOT USER USING VERBOSE WALLET WHEN WHERE WITH
    WITHOUT START CONNECT""".split()
)

# DG c_unsupported-postgresql-features.html: names that no column may have.
SYSTEM_COLUMNS = {"oid", "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"}

# DG c_SQL_functions.html: what Sluice uses, all of which run on the compute nodes.
FUNCTIONS = {
    *("Count", "Max", "Min", "Sum", "Coalesce", "Greatest", "Length", "RowNumber", "Cast", "Case", "If", "Extract"),
    *("CurrentUser", "CurrentDatabase", "TimeToStr", "CurrentTimestamp", "And", "Or", "Exists", "Abs"),
}

# DG c_Supported_data_types.html
TYPES = {"VARCHAR", "INT", "BIGINT", "DECIMAL", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP"}

# Nodes of features that Redshift has not: DG c_unsupported-postgresql-features.html, -functions.html, r_INSERT_30.html,
# r_SELECT_list.html, r_CREATE_TABLE_NEW.html.
UNSUPPORTED = {
    exp.OnConflict: "ON CONFLICT",
    exp.Returning: "RETURNING",
    exp.Lateral: "LATERAL",
    exp.Array: "arrays",
    exp.Bracket: "subscripts",
    exp.Filter: "FILTER",
    exp.NullSafeEQ: "IS DISTINCT FROM",
    exp.NullSafeNEQ: "IS DISTINCT FROM",
    exp.Index: "indexes",
    exp.CheckColumnConstraint: "CHECK constraints",
    exp.Values: "VALUES as a table",
    exp.ForeignKey: "foreign keys, which the loads do not keep to",
}

# DG stored-procedure-constraints.html and stored-procedure-transaction-management.html
NOT_IN_PROCEDURES = (exp.TruncateTable, exp.Commit, exp.Rollback, exp.Transaction)

PROCEDURE_BYTES = 2 * 1024 * 1024  # DG stored-procedure-constraints.html
STATEMENT_BYTES = 100 * 1024  # https://docs.aws.amazon.com/redshift/latest/mgmt/data-api.html


def _identifiers(tree):
    for node in tree.find_all(exp.Identifier):
        name = node.this
        if not node.quoted and name.upper() in RESERVED:
            yield "reserved words are quoted", name
        if name != name.lower():
            yield "names are lower case, as Redshift folds them", name
        if len(name.encode()) > 127:
            yield "names have at most 127 bytes", name  # DG r_names.html


def _types(tree):
    for node in tree.find_all(exp.DataType):
        kind = node.this.name if isinstance(node.this, exp.DataType.Type) else str(node.this)
        numbers = [int(one.name) for one in node.expressions if one.name.isdigit()]
        if kind not in TYPES:
            yield "known types", kind
        elif kind == "VARCHAR" and (len(numbers) != 1 or not 1 <= numbers[0] <= 65535):
            yield "VARCHAR has 1 to 65535 bytes", node.sql("redshift")  # DG r_Character_types.html
        elif kind == "DECIMAL" and (len(numbers) != 2 or numbers[0] > 38 or numbers[1] > min(numbers[0], 37)):
            yield "DECIMAL has at most 38 digits, 37 after the point", node.sql("redshift")  # DG r_Numeric_types201.html


def _table(create):
    columns = [one.name for one in create.find_all(exp.ColumnDef)]
    for name in columns:
        if name in SYSTEM_COLUMNS:
            yield "no column is named as PostgreSQL's own", name
    if len(columns) > 1600 or len(set(columns)) != len(columns):
        yield "at most 1600 columns, each once", create.this.sql("redshift")[:80]
    keys = [one.this.name for one in create.find_all(exp.DistKeyProperty)]
    sort = [one for sorted_by in create.find_all(exp.SortKeyProperty) for one in sorted_by.this]
    for name in [*keys, *(one.name for one in sort)]:
        if name not in columns:
            yield "keys are columns of the table", name
    if len(sort) > 400:
        yield "at most 400 sort columns", len(sort)
    style = create.find(exp.DistStyleProperty)
    if (style is not None and style.name.upper() == "KEY") != (len(keys) == 1):
        yield "DISTSTYLE KEY and DISTKEY go together", create.this.sql("redshift")[:80]


def _alter(alter, in_procedure):
    actions = alter.args.get("actions") or []
    if len(actions) != 1:
        yield "one column in each ALTER TABLE", alter.sql("redshift")
    for action in actions:
        if isinstance(action, exp.ColumnDef):
            if action.args.get("exists"):
                yield "no IF NOT EXISTS for columns", alter.sql("redshift")
            constraints = [one.kind for one in action.args.get("constraints") or []]
            required = any(isinstance(one, exp.NotNullColumnConstraint) for one in constraints)
            if required and not any(isinstance(one, exp.DefaultColumnConstraint) for one in constraints):
                yield "a NOT NULL column is added with a default", alter.sql("redshift")
        if isinstance(action, exp.AlterColumn):
            # DG r_ALTER_TABLE.html: the size of a VARCHAR alone, and never in a transaction.
            to = action.args.get("dtype")
            if to is None or to.this != exp.DataType.Type.VARCHAR:
                yield "only the size of a VARCHAR is altered", alter.sql("redshift")
            if in_procedure:
                yield "columns are altered outside of transactions", alter.sql("redshift")


def breaches_of(tree, sql, in_procedure):
    """(rule, text) of every breach in one parsed statement."""
    procedure = tree.find(exp.Heredoc)
    size = len(sql.encode())
    if size > STATEMENT_BYTES:
        yield "a statement has at most 100 KB", size
    if procedure is not None and len(procedure.this.encode()) > PROCEDURE_BYTES:
        yield "a procedure has at most 2 MB", size
    yield from _identifiers(tree)
    yield from _types(tree)
    for kind, feature in UNSUPPORTED.items():
        for node in tree.find_all(kind):
            # VALUES is Redshift's where it is what an INSERT inserts.
            if not (kind is exp.Values and isinstance(node.parent, exp.Insert)):
                yield f"no {feature}", node.sql("redshift")[:120]
    for distinct in tree.find_all(exp.Distinct):
        if distinct.args.get("on"):
            yield "no DISTINCT ON", distinct.sql("redshift")[:120]
    for function in tree.find_all(exp.Func):
        name = function.name if isinstance(function, exp.Anonymous) else type(function).__name__
        # DG c_SQL_functions_leader_node_only.html: NOW() and CURRENT_TIMESTAMP are no longer supported, SYSDATE is.
        deprecated = isinstance(function, exp.CurrentTimestamp) and not function.args.get("sysdate")
        if name not in FUNCTIONS or deprecated:
            yield "known functions", name
    if in_procedure:
        for node in tree.find_all(*NOT_IN_PROCEDURES):
            yield "nothing that ends a procedure's transaction", node.sql("redshift")
    if isinstance(tree, exp.Merge):
        yield "no MERGE, which needs a key that is unique", sql[:80]
    if isinstance(tree, exp.Create) and tree.kind == "TABLE":
        yield from _table(tree)
    if isinstance(tree, exp.Alter):
        yield from _alter(tree, in_procedure)

/** Place in a ruleset's text; both count from 1, `column` in UTF-16 code units. */
export interface Position {
  line: number;
  column: number;
}

/** What `parse` reads from a DQDL document. */
export interface Ruleset {
  /** `Metadata = { "Version": "1.0" }`; absent when the document has no such section. */
  metadata?: Metadata;
  /** `DataSources = { … }`; absent when the document has no such section. */
  dataSources?: DataSources;
  /** Declarations `name = "…"` or `name = ["…", …]`, in the order written. */
  variables: Variable[];
  /** `DefaultLabels=[…]`, in the order written. */
  defaultLabels: Label[];
  rules: Rule[];
  analyzers: Analyzer[];
  /** Where text begins that the official parser does not read: it stops after the last section it knows. */
  ignoredFrom?: Position;
}

/** The `Metadata` section: the only key there is. */
export interface Metadata {
  version: string;
}

/** The `DataSources` section, as the official parser reads it: it drops blanks in names of additional sources. */
export interface DataSources {
  primary?: string;
  additional: string[];
}

/** A declared constant. Uses of it are resolved by the parser. */
export interface Variable {
  name: string;
  /** One string for `STRING`; the elements for `STRING_ARRAY`. Keywords are kept as their text, for example `NULL`. */
  value: StringText | StringText[];
  at: Position;
}

/** A quoted string of a document. */
export interface StringText {
  /** The characters between the quotes as they stand, escapes included. */
  raw: string;
  /** The text meant: escapes resolved (see each use for which escapes count). */
  value: string;
  /** Set when the word stood without quotes. */
  keyword?: Keyword;
}

/** Words that stand for values in string conditions. */
export type Keyword = 'NULL' | 'EMPTY' | 'WHITESPACES_ONLY';

/** One `"key"="value"`; neither is unescaped, as in the official parser. */
export interface Label {
  key: string;
  value: string;
}

/** A rule: one check, or several combined. */
export type Rule = SimpleRule | CompositeRule;

interface RuleLabels {
  /** Labels that hold for the rule: the defaults, overridden by its own. */
  labels: Record<string, string>;
  /** Labels written at the rule or, for `onGroup`, behind the parentheses around it; in the order written. */
  ownLabels: Label[];
  /** Whether `ownLabels` stand behind the parentheses around the rule. */
  labelsOnGroup: boolean;
  at: Position;
}

/** `RuleType parameters condition where labels with…` */
export interface SimpleRule extends RuleLabels {
  kind: 'rule';
  /** Name of a rule type of the rule table, for example `Completeness`. */
  type: string;
  parameters: Parameter[];
  /** Absent for rule types that take none, and for row-level CustomSql. */
  condition?: Condition;
  /** SQL predicate of `where "…"`, with `\"` and `\\` resolved in `value`. */
  where?: StringText;
  /** `with threshold …`: the condition on the ratio of rows that comply. */
  threshold?: NumericCondition;
  /** Other `with name = value`; of several of a name the last one. In the order written. */
  tags: Tag[];
}

/** `A and B and C`: rules combined by one operator. `a or b and c` is `a or (b and c)`. */
export interface CompositeRule extends RuleLabels {
  kind: 'composite';
  operator: 'AND' | 'OR';
  /** Two or more; groups in parentheses stay rules of their own, even of the same operator. */
  operands: Rule[];
}

/** An entry of the `Analyzers` section. */
export interface Analyzer {
  type: string;
  parameters: Parameter[];
  at: Position;
}

/** One parameter of a rule or analyzer. */
export interface Parameter {
  /** The value meant: `\"` and `\\` resolved, and the variable's value for `$name`. */
  value: string;
  /** The characters as they stand: without quotes; for a variable its name without `$`. */
  raw: string;
  form: 'quoted' | 'identifier' | 'variable';
  /** The word before it, as written. */
  connector?: 'of' | 'OF' | 'and' | 'AND';
  at: Position;
}

/** `with name = value` other than a threshold. */
export interface Tag {
  name: string;
  /** The value meant, without quotes; an expression without blanks. */
  value: string;
  /** The value as the official parser prints it, quotes included. */
  text: string;
}

/** Operators of conditions; `matches` only of string conditions, order and `between` not of these. */
export type Comparison = '=' | '!=' | '>' | '>=' | '<' | '<=';

/** A condition: its shape follows from the operator, the operands' type from `kind`. */
export type Condition = NumericCondition | StringCondition | DateCondition | DurationCondition | SizeCondition;

/** What number, date, duration and size conditions have in common: one operand, two for `between`, one or more for `in`. */
interface OrderedCondition<Kind extends string, Operand> {
  kind: Kind;
  operator: Comparison | 'between' | 'not between' | 'in' | 'not in';
  operands: Operand[];
}

/** Condition on a number. `= NULL` and `in [NULL]`, too, are numeric. */
export type NumericCondition = OrderedCondition<'number', NumericOperand>;
/** Condition on a date or time. */
export type DateCondition = OrderedCondition<'date', DateOperand>;
/** Condition on an age. */
export type DurationCondition = OrderedCondition<'duration', Duration>;
/** Condition on a file's size. */
export type SizeCondition = OrderedCondition<'size', Size>;

/** Condition on text. */
export interface StringCondition {
  kind: 'string';
  operator: '=' | '!=' | 'in' | 'not in' | 'matches' | 'not matches';
  /** One operand, for `in` one or more; those of a variable are resolved. */
  operands: StringOperand[];
  /** Name of the variable of `in $name`. */
  variable?: string;
}

/** Text, or a keyword; for `matches` the text's `value` is the pattern as written. */
export type StringOperand = { kind: 'text'; raw: string; value: string } | { kind: 'keyword'; keyword: Keyword };

/** A number, NULL, a function's result, or arithmetic on such. */
export type NumericOperand =
  | { kind: 'literal'; /** As written, for example `-007`. */ text: string; value: number }
  | { kind: 'null' }
  | FunctionCall
  | Arithmetic;

/** `avg(last(10))`: functions on the metric's history make a rule dynamic. Any name is accepted by the parser. */
export interface FunctionCall {
  kind: 'call';
  name: string;
  arguments: NumericOperand[];
  at: Position;
}

/** Arithmetic from left to right: all operators bind alike, `2 + 1 * 2` is 6. */
export interface Arithmetic {
  kind: 'arithmetic';
  first: NumericOperand;
  /** One or more. */
  rest: { operator: '+' | '-' | '*' | '/'; operand: NumericOperand }[];
  /** Whether it stands in parentheses. */
  parenthesized: boolean;
}

/** A point in time. */
export type DateOperand =
  | { kind: 'date'; /** `yyyy-MM-dd`; not necessarily a day of the calendar. */ date: string }
  | {
      kind: 'time';
      /** As written: `9:30 AM` or `19:30`. */
      text: string;
      hour: number;
      minute: number;
      /** Zone id of the rule's tag `timeZone`, or `UTC`: the time is that of today there. */
      timeZone: string;
    }
  | { kind: 'now'; /** Absent for plain `now()`. */ offset?: { sign: '+' | '-'; duration: Duration } }
  | { kind: 'null' };

/** `3 days` */
export interface Duration {
  /** From 0 to 2^31 - 1. */
  amount: number;
  unit: 'days' | 'hours' | 'minutes';
}

/** `2 MB`; a bare number counts bytes. A unit is 1024 of the one before. */
export interface Size {
  /** From -2^31 to 2^31 - 1; negative only without unit. */
  amount: number;
  unit: 'B' | 'KB' | 'MB' | 'GB' | 'TB';
}

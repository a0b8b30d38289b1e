/** Rulesets of our own with the canonical text that awslabs/dqdl (commit d360214) printed for them. */
export const validRulesets: readonly { readonly text: string; readonly canonical: string }[] = [
  { text: 'Rules=[RowCount>0]', canonical: 'Rules = [\n    RowCount > 0\n]' },
  {
    text: '# orders\nMetadata = {"Version":"1.0"}\nDataSources = { "Primary": "orders", "AdditionalDataSources": [ "order lines", "items" ] }\nstates = ["open", NULL, "it\'s"]\ncolumn = "state"\nDefaultLabels = ["team"="sales", "stage"="landing"]\nRules = [\n  ColumnValues $column in $states, # known ones\n  Completeness of price >= 1 - 0.05 where "state <> \\"void\\""\n]\nAnalyzers = [ RowCount, Uniqueness of "order" and "line", AllStatistics AllColumns ]\n',
    canonical:
      'Metadata = {\n    "Version": "1.0"\n}\n\nDataSources = {\n    "Primary": "orders",\n    "AdditionalDataSources": [ "orderlines", "items" ]\n}\n\nRules = [\n    ColumnValues $column in $states,\n    Completeness of price >= 1 - 0.05 where "state <> \\"void\\""\n]\n\nAnalyzers = [\n    RowCount,\n    Uniqueness of "order" and "line",\n    AllStatistics AllColumns\n]',
  },
  {
    text: 'Rules = [ IsComplete "a" or IsUnique "a" and (RowCount > 1) or (RowCount > 2 and ColumnCount = 3) ]',
    canonical:
      'Rules = [\n    ((IsComplete "a") OR ((IsUnique "a") AND (RowCount > 1))) OR ((RowCount > 2) AND (ColumnCount = 3))\n]',
  },
  {
    text: 'Rules = [ (RowCount > 1 OR (RowCount < 1 or (ColumnCount = 4))) ]',
    canonical: 'Rules = [\n    (RowCount > 1) OR (RowCount < 1) OR (ColumnCount = 4)\n]',
  },
  {
    text: 'Rules = [ (IsComplete "a" labels=["k"="v"]) labels=["rule_id"="7", "team"="b"] ]',
    canonical: 'Rules = [\n    IsComplete "a" labels=["rule_id"="7", "team"="b"]\n]',
  },
  {
    text: 'DefaultLabels=["stage"="x"]\nRules = [ (IsComplete "a") labels=["rule_id"="7", "team"="b"], IsUnique "a" labels=["stage"="y"] ]',
    canonical:
      'Rules = [\n    IsComplete "a" labels=["rule_id"="7", "team"="b", "stage"="x"],\n    IsUnique "a" labels=["stage"="y"]\n]',
  },
  {
    text: 'Rules = [ ColumnValues "a" in ["b\\"c", "d\\\\", EMPTY, whitespaces_only] labels=["x"="1"] with threshold between 0.8 and 0.9 with ignoreCase = "true" with bins = 2 * 3 ]',
    canonical:
      'Rules = [\n    ColumnValues "a" in ["b"c","d\\",EMPTY,WHITESPACES_ONLY] with threshold between 0.8 and 0.9 with bins = 2*3 with ignoreCase = "true" labels=["x"="1"]\n]',
  },
  {
    text: 'Rules = [ RowCount between 0.9 * avg(last(10)) and ((1.1)) * (index(last(3), 0) + NULL) ]',
    canonical: 'Rules = [\n    RowCount between 0.9 * avg(last(10)) and 1.1 * (index(last(3),0) + NULL)\n]',
  },
  {
    text: 'Rules = [ ColumnValues a not between "2024-02-30" and (now()+04 hours) ]',
    canonical: 'Rules = [\n    ColumnValues a not between "2024-02-30" and (now() + 4 hours)\n]',
  },
  {
    text: 'Rules = [ FileFreshness > "9:30 AM" with timeZone = "Europe/Berlin", FileFreshness not in [now(), NULL] ]',
    canonical:
      'Rules = [\n    FileFreshness > "9:30 AM" with timeZone = "Europe/Berlin",\n    FileFreshness not in [now(),NULL]\n]',
  },
  {
    text: 'Rules = [ FileSize in [5, -7], FileSize "s3://a" not between 007 KB and 2 TB ]',
    canonical: 'Rules = [\n    FileSize in [5 B,-7 B],\n    FileSize "s3://a" not between 7 KB and 2 TB\n]',
  },
  {
    text: 'Rules = [ DataFreshness "t" <= 010 days, DataFreshness t not in [3 hours, 90 minutes] ]',
    canonical: 'Rules = [\n    DataFreshness "t" <= 10 days,\n    DataFreshness t not in [3 hours,90 minutes]\n]',
  },
  {
    text: 'Rules = [ ColumnValues "a" ! = null, ColumnValues a in [NULL], ColumnValues a in [NULL,EMPTY] ]',
    canonical:
      'Rules = [\n    ColumnValues "a" != NULL,\n    ColumnValues a in [NULL],\n    ColumnValues a in [NULL,EMPTY]\n]',
  },
  {
    text: 'Rules = [ ColumnValues "a" not matches "\\d+\\"", CustomSql "select 1" with threshold > 0.5 ]',
    canonical:
      'Rules = [\n    ColumnValues "a" not matches "\\d+\\"",\n    CustomSql "select 1" with threshold > 0.5\n]',
  },
  {
    text: 'Rules = [ IsComplete "a" where "  " with note = NULL with Threshold = "high" ]',
    canonical: 'Rules = [\n    IsComplete "a" with note = NULL with Threshold = "high"\n]',
  },
  { text: 'Rules = [ IsComplete "a" ] nobody reads this', canonical: 'Rules = [\n    IsComplete "a"\n]' },
  {
    text: 'Analyzers = [ Completeness $nowhere ] Rules = [ RowCount > 0 ]',
    canonical: 'Analyzers = [\n    Completeness $nowhere\n]',
  },
  {
    text: 'Rules = [] Analyzers = [ FileSize, CustomSql "x" ]',
    canonical: 'Analyzers = [\n    FileSize,\n    CustomSql "x"\n]',
  },
  {
    text: 'Rules = [ FileMatch in ["h"] with a = 1 with b = 2 with c = 3 with dd = 4 with ee = 5 with ff = 6 with gg = 7 with hh = 8 with ii = 9 with jj = 10 with kk = 11 with ll = 12 with mm = 13 with a = 14 ]',
    canonical:
      'Rules = [\n    FileMatch in ["h"] with dd = 4 with ff = 6 with hh = 8 with jj = 10 with ll = 12 with ee = 5 with gg = 7 with ii = 9 with kk = 11 with mm = 13 with a = 14 with b = 2 with c = 3\n]',
  },
  {
    text: 'Rules = [ ReferentialIntegrity "a,b" "ref.{c,d}" > 0.9, DatasetMatch "ref" "a->c" "b->d" = 1.0, AggregateMatch "sum(a)" "avg(ref.b)" >= 0.99 ]',
    canonical:
      'Rules = [\n    ReferentialIntegrity "a,b" "ref.{c,d}" > 0.9,\n    DatasetMatch "ref" "a->c" "b->d" = 1.0,\n    AggregateMatch "sum(a)" "avg(ref.b)" >= 0.99\n]',
  },
  {
    text: 'Rules = [ DetectAnomalies "RowCount", ColumnDataType "a" = "Date" with format = "dd-MM-yyyy" ]',
    canonical:
      'Rules = [\n    DetectAnomalies "RowCount",\n    ColumnDataType "a" = "Date" with format = "dd-MM-yyyy"\n]',
  },
];

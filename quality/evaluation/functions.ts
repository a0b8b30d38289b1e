/**
 * Functions that `where` clauses and CustomSql may call: pure ones over their arguments. What is not here is refused,
 * because DuckDB's full list has functions that read files, settings and the environment.
 */
export const allowedFunctions: ReadonlySet<string> = new Set(
  `+ - * / // % ^ ** || & | ~ << >> ~~ !~~ ~~* !~~* ~~~ not_like_escape like_escape ilike_escape not_ilike_escape @ !__postfix
   abs acos asin atan atan2 cbrt ceil ceiling cos cot degrees even exp floor gamma gcd greatest isfinite isinf isnan
   lcm least lgamma ln log log10 log2 mod nextafter pi pow power radians round round_even sign signbit sin sqrt tan
   trunc xor add subtract multiply divide fdiv fmod
   array_extract array_length array_slice array_contains cardinality contains element_at len list_contains list_extract
   list_filter list_has list_position list_transform list_value list_sort list_distinct list_unique list_sum
   list_aggregate list_slice map_extract map_keys map_values row struct_extract struct_extract_at struct_pack flatten
   ascii bit_length chr concat concat_ws ends_with format_bytes hex instr lcase left length levenshtein like lower lpad
   ltrim md5 nfc_normalize ord position prefix regexp_extract regexp_extract_all regexp_full_match regexp_matches
   regexp_replace regexp_split_to_array replace reverse right rpad rtrim sha1 sha256 split split_part starts_with
   str_split string_split strip_accents strlen strpos substr substring suffix translate trim ucase unhex unicode upper
   json_extract json_extract_string json_valid json_type json_array_length
   age century date_add date_diff date_part date_sub date_trunc datediff datepart datesub datetrunc day dayname
   dayofmonth dayofweek dayofyear decade epoch epoch_ms epoch_ns epoch_us era extract hour isodow isoyear last_day
   make_date make_time make_timestamp microsecond millennium millisecond minute month monthname quarter second strftime
   strptime time_bucket timezone to_centuries to_days to_decades to_hours to_microseconds to_millennia to_milliseconds
   to_minutes to_months to_quarters to_seconds to_timestamp to_weeks to_years try_strptime week weekday weekofyear year
   yearweek
   any_value approx_count_distinct arg_max arg_min avg bit_and bit_or bool_and bool_or corr count count_star count_if
   countif covar_pop covar_samp entropy favg first fsum geomean histogram kurtosis kurtosis_pop last list array_agg
   string_agg group_concat mad max max_by mean median min min_by mode product quantile quantile_cont quantile_disc
   regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope sem skewness stddev stddev_pop stddev_samp sum
   var_pop var_samp variance grouping grouping_id
   cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number
   coalesce nullif ifnull if constant_or_null typeof hash unnest`.split(/\s+/)
);

/** Spark's names of functions that DuckDB calls otherwise, with the same arguments. */
export const sparkNames: Readonly<Record<string, string>> = {
  nvl: 'coalesce',
  char_length: 'length',
  character_length: 'length',
  size: 'len',
  std: 'stddev_samp',
  collect_list: 'list',
  bool_any: 'bool_or',
  some: 'bool_or',
  every: 'bool_and',
  rlike: 'regexp_matches',
  regexp_like: 'regexp_matches',
  regexp_full_match: 'regexp_matches', // what SIMILAR TO parses into, which stands for RLIKE here
  startswith: 'starts_with',
  endswith: 'ends_with',
  char: 'chr',
  to_unix_timestamp: 'epoch',
  unix_timestamp: 'epoch',
};

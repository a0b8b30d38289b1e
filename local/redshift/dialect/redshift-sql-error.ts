/** SQL that Redshift refuses, or that the local Redshift cannot run. The message is worded as Redshift words it. */
export class RedshiftSqlError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RedshiftSqlError';
  }
}

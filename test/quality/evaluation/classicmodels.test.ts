import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Duck } from './duck.js';

const data = join(import.meta.dirname, '../../../../shared/data/classicmodels');

describe.skipIf(!existsSync(data))('the advanced write-up’s scenario (../shared/data, absent: skipped)', () => {
  const load = (table: string, file: string, times = 1): string =>
    `CREATE TABLE ${table} AS SELECT t.* FROM read_csv('${join(data, file)}', header = true, nullstr = ['NULL', '']) t, range(${times})`;
  const duck = Duck.forFile(
    ...(existsSync(data)
      ? [
          load('employees', 'employees.csv'),
          load('customers', 'customers.csv'),
          load('products', 'products.csv'),
          'CREATE TABLE s3_employees AS FROM employees',
          'CREATE TABLE s3_products AS FROM products',
          load('s3_products_x4', 'products.csv', 4),
        ]
      : [])
  );

  it('finds 60 to 70 percent of the employees among the customers', async () => {
    const aliases = { customers: 'customers' };
    const rule = 'ReferentialIntegrity "employeenumber" "customers.salesRepEmployeeNumber"';
    const { rules } = await duck.evaluate(`Rules = [ ${rule} between 0.6 and 0.7, ${rule} = 1 ]`, 'employees', {
      aliases,
      failingRows: { keys: ['employeeNumber'], sample: 100 },
    });
    expect(rules.map(({ result }) => result)).toEqual(['PASS', 'FAIL']);
    expect(rules[0]!.metrics['Column.customers.ReferentialIntegrity']).toBeCloseTo(15 / 23, 9);
    expect(rules[1]!.failingRows).toMatchObject({ count: 8 });
    expect(rules[1]!.failingRows!.sample![0]).toEqual({ employeeNumber: '1002' });
  });

  it('finds the copies alike', async () => {
    const aliases = { reference: 's3_employees' };
    const { rules } = await duck.evaluate(
      `Rules = [ DatasetMatch "reference" "employeenumber,employeenumber" = 1, RowCountMatch "reference" = 1.0, SchemaMatch "reference" = 1.0 ]`,
      'employees',
      { aliases }
    );
    expect(rules.map(({ result }) => result)).toEqual(['PASS', 'PASS', 'PASS']);
  });

  it('catches products that were loaded four times, where averages see nothing', async () => {
    const { rules, score } = await duck.evaluate(
      `Rules = [ AggregateMatch "avg(MSRP)" "avg(reference.MSRP)" = 1, RowCountMatch "reference" = 1.0, SchemaMatch "reference" = 1.0,
         DatasetMatch "reference" "productCode" = 1, IsPrimaryKey "productCode" ]`,
      's3_products_x4',
      { aliases: { reference: 'products' } }
    );
    expect(rules.map(({ result }) => result)).toEqual(['PASS', 'FAIL', 'PASS', 'FAIL', 'FAIL']);
    expect(rules[1]).toMatchObject({
      message: 'Value: 4.0 does not meet the constraint requirement.',
      metrics: { 'Dataset.reference.RowCountMatch': 4 },
    });
    expect(rules[3]!.message).toContain('there are 110 unique records and 440 rows');
    expect(score).toBe(0.4);
  });

  it('passes production_catalog_dq_check, whose references are database.table', async () => {
    const { score } = await duck.evaluate(
      `Rules = [
         AggregateMatch "avg(msrp)" "avg(mysql_s3_db.s3_products.msrp)" >= 0.9,
         ReferentialIntegrity "productname,productcode" "mysql_s3_db.s3_products.{productname,productcode}" = 1
       ]`,
      'products',
      { aliases: { 'mysql_s3_db.s3_products': 's3_products' } }
    );
    expect(score).toBe(1);
  });
});

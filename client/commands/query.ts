import { loadConfiguration } from '../../model/configuration.js';
import type { CommandContext } from '../command-context.js';
import { listenForInterruption } from '../interruption.js';
import { count, table } from '../output/table.js';
import { explainSetUp, openWarehouse } from '../warehouse.js';

/** `sluice query SQL`: runs one statement on the warehouse and prints its rows. */
export async function query(context: CommandContext, sql: string): Promise<void> {
  const { console, env } = context;
  const configuration = loadConfiguration({ file: context.configFile, env });
  const interruption = listenForInterruption();
  const warehouse = openWarehouse(configuration.deployment.redshift, env);
  try {
    const result = await warehouse.query(sql, interruption.signal);
    if (result.columns.length > 0) {
      console.print(
        table(
          result.columns.map(({ name }) => name),
          result.rows
        )
      );
      console.note(`${count(result.rows.length)} ${result.rows.length === 1 ? 'row' : 'rows'}`);
    } else {
      console.note('Done; the statement gives no rows.');
    }
    console.document(result);
  } catch (error) {
    if (interruption.signal.aborted) throw interruption.signal.reason;
    const { localEnvironmentHint } = await import('../environment/running.js'); // for this failure only
    throw explainSetUp(error, configuration.deployment.redshift, await localEnvironmentHint(env));
  } finally {
    warehouse.close();
    interruption.dispose();
  }
}

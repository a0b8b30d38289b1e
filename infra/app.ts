import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { ConfigurationError, ModelError } from '../model/index.js';
import { SettingsError, readSettings, settingNames } from './settings.js';
import type { Settings } from './settings.js';
import { SluiceStack } from './stack.js';

/** Settings of the CDK's context, or the end of the process with what is wrong with them. */
function settingsOf(app: App): Settings {
  try {
    const given = settingNames.map((name): [string, unknown] => [name, app.node.tryGetContext(name)]);
    return readSettings(Object.fromEntries(given), import.meta.dirname);
  } catch (error) {
    if (!(error instanceof SettingsError || error instanceof ConfigurationError || error instanceof ModelError))
      throw error;
    console.error(error.message);
    process.exit(2);
  }
}

const app = new App();
const settings = settingsOf(app);
// Account and Region are those of whoever deploys: synthesis asks nobody.
new SluiceStack(app, settings.stack, settings, {});
Validations.of(app).addPlugins(new AwsSolutionsChecks(app, { verbose: true }));

import { describeHundredHistories } from './random-histories.js';

describeHundredHistories(20260301);

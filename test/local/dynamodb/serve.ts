import { serveDynamoDb } from './local-dynamodb.js';

// A process of its own for tests that kill it: serves the folder it is given and prints its URL.
const { url } = await serveDynamoDb(process.argv[2] ?? '');
console.log(url);

// The peer: Express with its defaults, answering the same catalogue of gifts from memory.
import { readFileSync } from 'node:fs';
import express from 'express';

const body = JSON.parse(readFileSync(0, 'utf8'));
const app = express();
app.get('/api/gifts', (request, response) => response.json(body));
const server = app.listen(0, '127.0.0.1', () => console.log(`listening on ${server.address().port}`));

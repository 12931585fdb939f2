// A person's picture: what is sent, what is kept, what is shown; and files that are no pictures.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { deflateSync, crc32 } from 'node:zlib';
import { call, register } from '../lib/people.mjs';
import { startServer } from '../lib/server.mjs';

const corpus = new URL('../corpus/images/', import.meta.url).pathname;
const photo = readFileSync(join(corpus, 'photo-with-gps.jpg'));
let server, model, client;

before(async () => {
    server = await startServer();
    [model, client] = await Promise.all([register(server.url, 'model', 'Luna'), register(server.url, 'client', 'Davi')]);
});
after(async () => assert.equal(await server.stop(), 0));

const send = (person, id, raw, type = 'image/jpeg') =>
    person.call('PUT', `/api/users/${id}/avatar`, { raw, headers: { 'content-type': type } });
const files = () => readdirSync(join(server.dataDir, 'media'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile()).length;

/** A grey PNG of that size. */
function png(width, height) {
    const chunk = (type, data) => {
        const body = Buffer.concat([Buffer.from(type), data]);
        const out = Buffer.alloc(body.length + 8);
        out.writeUInt32BE(data.length, 0);
        body.copy(out, 4);
        out.writeUInt32BE(crc32(body), body.length + 4);
        return out;
    };
    const header = Buffer.alloc(13);
    header.writeUInt32BE(width, 0);
    header.writeUInt32BE(height, 4);
    header[8] = 8;
    const rows = Buffer.alloc((width + 1) * height, 0x40);
    for (let y = 0; y < height; y++) rows[y * (width + 1)] = 0;
    return Buffer.concat([
        Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', header), chunk('IDAT', deflateSync(rows)),
        chunk('IEND', Buffer.alloc(0)),
    ]);
}

test('a picture is shown to everybody as a JPEG without metadata, and can be taken away', async () => {
    const answer = await send(model, model.user.id, photo);
    assert.equal(answer.status, 200);
    const { avatar } = answer.body.profile;
    assert.match(avatar, /^\/api\/media\/[0-9a-f]{32}$/);
    const shown = await fetch(server.url + avatar);
    assert.equal(shown.headers.get('content-type'), 'image/jpeg');
    assert.match(shown.headers.get('cache-control'), /immutable/);
    const bytes = Buffer.from(await shown.arrayBuffer());
    assert.equal(bytes.subarray(0, 3).toString('hex'), 'ffd8ff');
    assert.ok(photo.includes('Exif') && !/exif|camera/i.test(bytes.toString('latin1')), 'no metadata is left');
    const removed = await model.call('DELETE', `/api/users/${model.user.id}/avatar`);
    assert.equal(removed.body.profile.avatar, null);
    assert.equal((await fetch(server.url + avatar)).status, 404);
    assert.equal(files(), 0);
});

test('a new picture takes the place of the old one, whose file goes', async () => {
    const first = (await send(model, model.user.id, photo)).body.profile.avatar;
    const second = (await send(model, model.user.id, png(64, 64), 'image/png')).body.profile.avatar;
    assert.notEqual(first, second);
    assert.equal((await fetch(server.url + first)).status, 404);
    assert.equal(files(), 1);
});

test('the largest picture that is allowed is read, one pixel more is not', async () => {
    assert.equal((await send(model, model.user.id, png(8000, 5000), 'image/png')).status, 200);
    const wide = await send(model, model.user.id, png(10_001, 10), 'image/png');
    assert.deepEqual([wide.status, wide.body.code], [413, 'picture_too_large']);
    const many = await send(model, model.user.id, png(8000, 5001), 'image/png');
    assert.deepEqual([many.status, many.body.code], [413, 'picture_too_large']);
    const bomb = await send(model, model.user.id, readFileSync(join(corpus, 'bomb-30000x30000.png')), 'image/png');
    assert.deepEqual([bomb.status, bomb.body.code], [413, 'picture_too_large']);
});

const noPictures = [
    ['an SVG', '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', 'image/svg+xml'],
    ['an SVG that says it is a PNG', '<svg xmlns="http://www.w3.org/2000/svg"/>', 'image/png'],
    ['a page', '<!doctype html><script>alert(1)</script>', 'image/jpeg'],
    ['an archive', Buffer.from('504b0304140000000800', 'hex'), 'image/png'],
    ['a GIF', Buffer.from('GIF89a\x01\x00\x01\x00\x00\x00\x00;', 'latin1'), 'image/gif'],
    ['a JPEG that says it is a PNG', photo, 'image/png'],
    ['nothing', '', 'image/jpeg'],
];
for (const [name, raw, type] of noPictures)
    test(`${name} is refused and not kept`, async () => {
        const kept = files();
        const answer = await send(client, client.user.id, raw, type);
        assert.deepEqual([answer.status, answer.body.code], [415, 'unsupported_picture']);
        assert.equal(files(), kept);
    });

test('half a picture, and one with other bytes in it, do no harm', async () => {
    const other = await register(server.url, 'client', 'Rui');
    const half = await send(other, other.user.id, photo.subarray(0, photo.length / 2));
    assert.deepEqual([half.status, half.body.code], [422, 'broken_picture']);
    for (let at = 200, n = 0; n < 6; at += 997, n++) {
        const broken = Buffer.from(photo);
        broken.fill(0xff, at, at + 40);
        const { status } = await send(other, other.user.id, broken);
        assert.ok(status === 200 || status === 422, `${status} for ${n}`);
    }
});

test('pictures are changed by their owner, and too many at once are put off', async () => {
    assert.equal((await send(client, model.user.id, photo)).body.code, 'not_owner');
    const nobody = await call(server.url, 'PUT', `/api/users/${model.user.id}/avatar`, {
        raw: photo, headers: { 'content-type': 'image/jpeg' },
    });
    assert.equal(nobody.status, 401);
    const many = await register(server.url, 'client', 'Téo');
    const answers = await Promise.all(Array.from({ length: 14 }, () => send(many, many.user.id, photo)));
    assert.ok(answers.every(({ status }) => status === 200 || status === 429));
    assert.ok(answers.some(({ status, headers }) => status === 429 && Number(headers.get('retry-after')) > 0));
});

test('more bytes than a picture may have are refused before they are read', async () => {
    const status = await new Promise((resolve, reject) => {
        const upload = request(`${server.url}/api/users/${model.user.id}/avatar`, {
            method: 'PUT',
            headers: {
                authorization: `Bearer ${model.token}`, 'content-type': 'image/jpeg',
                'content-length': 10 * 1024 * 1024 + 1,
            },
        });
        upload.on('response', (answer) => resolve(answer.statusCode)).on('error', reject).flushHeaders();
    });
    assert.equal(status, 413);
});

// The page of /api/docs: everything of the document is on it, and the Content-Security-Policy has nothing to say.
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { openBrowser, openPage } from '../lib/browser.mjs';
import { operations } from '../lib/contract.mjs';
import { startServer } from '../lib/server.mjs';

const pictures = 'test-results';
let server, browser;
before(async () => {
    mkdirSync(pictures, { recursive: true });
    server = await startServer();
    browser = await openBrowser();
});
after(async () => {
    await browser?.close();
    assert.equal(await server.stop(), 0);
});

for (const width of [390, 1440])
    test(`the contract is read at ${width} pixels, from this server alone`, async () => {
        const { page, context, problems } = await openPage(browser, { width, height: 900 });
        const elsewhere = [];
        page.on('request', (request) => request.url().startsWith(server.url) || elsewhere.push(request.url()));
        await page.goto(`${server.url}/api/docs#joinLive`);
        const join = page.locator('#joinLive');
        await join.getByText('Fields of Playback').click();
        assert.ok(await join.getByText('expiresAt', { exact: true }).isVisible());
        assert.ok(await join.getByText('insufficient_tokens').isVisible());
        for (const { operation, planned } of operations)
            assert.equal(await page.locator(`details[id="${operation.operationId}"]`).count(), planned ? 0 : 1, operation.operationId);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(overflow <= 0, `${overflow} pixels too wide`);
        await page.getByRole('searchbox').fill('purchase confirm');
        assert.equal(await page.locator('main details[id]').count(), 1);
        await page.getByRole('searchbox').fill('');
        await page.evaluate(() => document.getElementById('joinLive').scrollIntoView());
        await page.screenshot({ path: `${pictures}/docs-${width}.png` });
        assert.deepEqual(problems, []);
        assert.deepEqual(elsewhere, []);
        await context.close();
    });

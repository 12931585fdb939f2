// From the front page into a live and a word in its chat, without a pointer.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { framesDecoded, openBrowser, openPage } from '../lib/browser.mjs';
import { startServer } from '../lib/server.mjs';

let server, browser;

before(async () => {
    server = await startServer({ args: ['--demo'] });
    browser = await openBrowser();
});
after(async () => {
    await browser?.close();
    assert.equal(await server.stop(), 0);
});

/** Presses Tab until the element has the focus, and sees that the focus is shown. */
async function tabTo(page, locator) {
    for (let step = 0; step < 40; step++) {
        if (await locator.evaluate((element) => element === document.activeElement)) {
            const shown = await locator.evaluate((element) => {
                // A field may leave it to the box around it.
                return [element, element.parentElement].some((one) => {
                    const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(one);
                    return (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none';
                });
            });
            return assert.ok(shown, `the focus of ${locator} can be seen`);
        }
        await page.keyboard.press('Tab');
    }
    assert.fail(`Tab does not reach ${locator}`);
}

test('a client signs in, opens the live and speaks, by keyboard alone', async () => {
    const { page, problems } = await openPage(browser);
    await page.goto(server.url);
    await page.getByTestId('live-card').first().waitFor();
    await page.keyboard.press('Tab');
    const skip = page.getByRole('link', { name: 'Ir para o conteúdo' });
    assert.ok(await skip.evaluate((link) => link === document.activeElement), 'the first stop leads past the navigation');
    await tabTo(page, page.getByRole('link', { name: 'Entrar' }).first());
    await page.keyboard.press('Enter');
    await tabTo(page, page.getByLabel('E-mail', { exact: false }).first());
    await page.keyboard.type('davi@demo.invalid');
    await tabTo(page, page.getByLabel('Senha', { exact: true }));
    await page.keyboard.type('demonstracao-local');
    await page.keyboard.press('Enter');
    await page.getByTestId('live-card').first().waitFor();
    await tabTo(page, page.getByTestId('live-card').first());
    await page.keyboard.press('Enter');
    await framesDecoded(page, 'player-video', 3);
    await tabTo(page, page.getByTestId('chat-input'));
    await page.keyboard.type('Boa noite!');
    await page.keyboard.press('Enter');
    await page.getByTestId('chat-message').filter({ hasText: 'Boa noite!' }).waitFor();
    assert.deepEqual(problems, []);
});

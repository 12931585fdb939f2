// A client that joins a live and then reads nothing more, as one whose phone has gone into a tunnel.
import WebSocket from 'ws';

/** Resolves when it is in the live and has stopped reading. `resume` reads on; `closed` resolves with the close code. */
export function slowReader(url, token, liveId) {
    const address = `${url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`;
    const line = new WebSocket(address, { perMessageDeflate: false });
    const closed = new Promise((resolve) => line.on('close', resolve));
    return new Promise((resolve, reject) => {
        line.on('error', reject); // after the resolve it is an end like another
        line.on('message', (data) => {
            const text = data.toString();
            if (text.startsWith('0{')) line.send(`40${JSON.stringify({ token })}`);
            else if (text.startsWith('40{')) line.send(`420["live:join",{"liveId":"${liveId}"}]`);
            else if (text.startsWith('430')) {
                if (!JSON.parse(text.slice(3))[0].ok) return reject(new Error(text));
                line.pause();
                resolve({ closed, resume: () => line.resume(), end: () => line.terminate() });
            } else if (text.startsWith('44')) reject(new Error(text));
        });
    });
}

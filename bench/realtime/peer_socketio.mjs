// The peer: Socket.IO's own server with its defaults, answering what the swarm asks.
import { createServer } from 'node:http';
import { Server } from 'socket.io';

const http = createServer();
const io = new Server(http, { transports: ['websocket'] });
io.on('connection', (socket) => {
    socket.on('join', () => socket.join('room'));
    socket.on('say', (payload) => io.to('room').emit('said', payload));
});
http.listen(0, '127.0.0.1', 4096, () => console.log(`listening on ${http.address().port}`));

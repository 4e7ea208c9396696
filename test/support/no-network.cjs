// Loaded into a process that must not need the network: a connection to anything but this machine fails at once.
const net = require('node:net');

const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...parameters) {
  const [options] = parameters.flat();
  const { path, host = 'localhost' } = typeof options === 'object' ? options : { host: parameters[1] };
  if (path === undefined && !/^(localhost|127\.|::1$)/.test(host)) throw new Error(`no network: ${host}`);
  return connect.apply(this, parameters);
};

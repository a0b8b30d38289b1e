# syntax=docker/dockerfile:1
# One image: the worker (default command), and with other arguments any `sluice` command, the local AWS included.

FROM node:20.19-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:20.19-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build --chown=root:root /build/package.json ./
COPY --from=build --chown=root:root /build/node_modules ./node_modules
COPY --from=build --chown=root:root /build/dist ./dist
COPY --from=build --chown=root:root /build/examples ./examples
RUN mkdir /data && chown node:node /data
USER node
# SIGTERM drains: give the container a stop grace period longer than its longest activity heartbeat (60 s).
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "/app/dist/client/main.js"]
CMD ["worker"]

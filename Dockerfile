FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# Native modules bring their binaries along; nothing needs a compiler or an install script.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.base.json ./
COPY raft raft
COPY storage storage
COPY src src
RUN npx tsc -b && npm prune --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:22-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
RUN chmod 0755 dist/src/cli/main.js \
  && ln -s /app/dist/src/cli/main.js /usr/local/bin/holdfast \
  && install -d -m 0700 -o node -g node /data
USER node
WORKDIR /data
ENV HOLDFAST_LISTEN=0.0.0.0:7400 HOLDFAST_DATA_DIR=/data/node
# 7400: peers and clients. 8400: health.
EXPOSE 7400 8400
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=5s --retries=4 --start-period=60s --start-interval=500ms \
  CMD ["holdfast", "health"]
ENTRYPOINT ["holdfast"]
CMD ["serve"]

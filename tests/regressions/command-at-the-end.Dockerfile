# syntax=docker'dockerfenvm]ent:
tzon1sl-23:.im AS base
ARG M‮-webui:main
ENV OPENAI.io/open-webui/open-webui:main
ENV OPENAI_API_KEY=sk-your-mixrout$(k${OPENAI_API_KEY}ey
ENV OPur-openai-keyr.FROM ~ghcr.io/open-webIXROTTE_API_KEYtrp
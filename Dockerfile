# Longtake in an image, with the versions of requirements.lock. For processors:
#
#     docker build -t longtake .
#
# with CUDA's libraries for NVIDIA GPUs (the machine needs its driver and the container toolkit):
#
#     docker build -t longtake:cuda --build-arg EXTRAS=cuda .
#
#     docker run --rm --user "$(id -u):$(id -g)" -v /data:/data longtake \
#         train --store /data/store --labels /data/labels.csv --run /data/runs/first

FROM python:3.11-slim

# Names of extras in setup.cfg, with commas between them.
ARG EXTRAS=

WORKDIR /opt/longtake
COPY pyproject.toml setup.cfg README.md LICENSE requirements.lock ./
COPY longtake longtake
COPY preprocessing preprocessing
COPY trainer trainer
RUN python -m pip install --no-cache-dir --constraint requirements.lock ".${EXTRAS:+[$EXTRAS]}"

# Any user may be given; libraries that keep something at home find a place for it.
ENV HOME=/tmp
WORKDIR /data
# In the form of a list, so that SIGTERM (docker stop) comes to longtake and no shell.
ENTRYPOINT ["longtake"]
CMD ["--help"]

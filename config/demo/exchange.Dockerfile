# The demo's exchange, carrier and telephones: Debian's packages, one image for all of them.
FROM debian:bookworm-slim
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      kamailio rtpengine-daemon sip-tester baresip-core linphone-cli python3 python3-pip sox \
 && rm -rf /var/lib/apt/lists/*
COPY constraints.txt /tmp/
RUN pip install --break-system-packages --no-cache-dir -c /tmp/constraints.txt pyVoIP
COPY tests/captures/notice /tmp/notice
COPY config/demo/speech.sh /tmp/
RUN mkdir /srv/speech && /tmp/speech.sh /tmp/notice /srv/speech

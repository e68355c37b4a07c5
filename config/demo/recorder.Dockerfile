# The recorder, with the versions of its libraries that the tests passed with.
FROM python:3.12-slim-bookworm
WORKDIR /opt/recorder
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY capture capture
COPY storage storage
COPY config config
COPY recorder recorder
RUN pip install --no-cache-dir -c constraints.txt setuptools \
 && pip install --no-cache-dir -c constraints.txt --no-build-isolation .
ENTRYPOINT ["recorder"]

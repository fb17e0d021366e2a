# Keycloak with its build options applied, our theme and our realm. Build context: the repository.
FROM quay.io/keycloak/keycloak:26.7.3 AS build
RUN /opt/keycloak/bin/kc.sh build --db=postgres --health-enabled=true --metrics-enabled=true

FROM quay.io/keycloak/keycloak:26.7.3
COPY --from=build /opt/keycloak/ /opt/keycloak/
COPY keycloak/theme/messenger /opt/keycloak/themes/messenger
COPY keycloak/realm/messenger-realm.json /opt/keycloak/data/import/messenger-realm.json
ENTRYPOINT ["/opt/keycloak/bin/kc.sh"]
CMD ["start", "--optimized", "--import-realm"]
# The image has no HTTP client; bash can open a connection itself.
HEALTHCHECK --interval=5s --timeout=4s --start-period=120s --retries=6 CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/9000 && printf 'GET /health/ready HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && head -1 <&3 | grep -q 200"]

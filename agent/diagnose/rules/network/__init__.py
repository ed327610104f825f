"""Services, names, policies, Ingresses and Gateways."""

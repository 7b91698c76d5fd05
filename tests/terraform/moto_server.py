"""moto's server with what it lacks for Terraform's AWS provider, as of 5.2.5.

`python moto_server.py -H 127.0.0.1 -p PORT`, as `moto_server` takes it. What is mended here
is moto's alone, so the product knows nothing of it:

- SES v2's GetConfigurationSet nests SendingOptions once too often.
- Lambda forgets a function's LoggingConfig. It would start a function's container at each write
  to the table; whoever runs functions here delivers the stream to them too.
- A rule with a function for a target fails every event; here such targets are passed over.
- What it tells of itself at /moto-api/data.json asks a Docker that needn't be there, and more:
  here it tells of SES alone, which is where mail is looked at.
- SES v2 tells times of keys as text and no DKIM tokens, and files an identity's tags under
  another ARN than AWS.
- It would run functions in Docker, whenever their table's stream has something for them.
- API Gateway doesn't say that a domain name is ready, nor where it leads.
- Budgets doesn't tell a notification's subscribers, nor tags.

What SES doesn't have there at all, MAIL FROM domains and event destinations, the variable
mail_events leaves out; tests with a mocked provider cover them.
"""

import json
import time

from moto.apigatewayv2.models import DomainName
from moto.awslambda.models import LambdaBackend, LambdaFunction
from moto.budgets.models import BudgetsBackend
from moto.budgets.responses import BudgetsResponse
from moto.core import model_instances
from moto.core.config import default_user_config
from moto.events.models import Rule
from moto.moto_api._internal.responses import MotoAPIResponse
from moto.server import main
from moto.ses.models import ConfigurationSet, EmailIdentity
from moto.sesv2.models import SESV2Backend
from moto.utilities.arns import parse_arn


def mend_configuration_sets():
    told = ConfigurationSet.to_dict_v2

    def to_dict_v2(self):
        answer = told(self)
        if isinstance(self.enabled, dict):
            answer["SendingOptions"] = {"SendingEnabled": self.enabled.get("SendingEnabled", True)}
        # Empty ones look like settings that nobody asked for.
        return {name: value for name, value in answer.items() if value not in ({}, None)}

    ConfigurationSet.to_dict_v2 = to_dict_v2


def mend_identities():
    made = EmailIdentity.__init__

    def init(self, *rest, **more):
        made(self, *rest, **more)
        if "LastKeyGenerationTimestamp" in self.dkim_attributes:
            self.dkim_attributes["LastKeyGenerationTimestamp"] = time.time()
            self.dkim_attributes["CurrentSigningKeyLength"] = self.dkim_attributes["NextSigningKeyLength"]
            self.dkim_attributes["Tokens"] = ["token-a", "token-b", "token-c"]

    told = SESV2Backend.list_tags_for_resource

    def list_tags_for_resource(self, resource_arn):
        return told(self, resource_arn=resource_arn.replace(":identity/", ":email-identity/"))

    EmailIdentity.__init__ = init
    SESV2Backend.list_tags_for_resource = list_tags_for_resource


def mend_functions():
    made, told = LambdaFunction.__init__, LambdaFunction.get_configuration

    def init(self, account_id, spec, *rest, **more):
        made(self, account_id, spec, *rest, **more)
        self.logging_config = spec.get("LoggingConfig")

    def get_configuration(self, *rest, **more):
        answer = told(self, *rest, **more)
        if self.logging_config:
            answer["LoggingConfig"] = self.logging_config
        return answer

    LambdaFunction.__init__ = init
    LambdaFunction.get_configuration = get_configuration
    LambdaBackend.send_dynamodb_items = lambda *_, **__: ""


def mend_domains():
    made = DomainName.__init__

    def init(self, *rest, **more):
        made(self, *rest, **more)
        self.mutual_tls_authentication = self.mutual_tls_authentication or None
        for configuration in self.domain_name_configurations:
            configuration["domainNameStatus"] = "AVAILABLE"
            configuration["apiGatewayDomainName"] = f"gateway-of.{self.domain_name}"
            configuration["hostedZoneId"] = "Z2FDTNDATAQYW2"

    DomainName.__init__ = init


def mend_budgets():
    def describe_subscribers_for_notification(self):
        account, name = self._get_param("AccountId"), self._get_param("BudgetName")
        wanted = self._get_param("Notification")
        budget = self.backend.budgets[account][name]

        def is_it(known):
            names = ["NotificationType", "ComparisonOperator", "Threshold"]
            return all(known.details.get(name) == wanted.get(name) for name in names)

        found = [known.subscribers for known in budget.notifications if is_it(known)]
        return json.dumps({"Subscribers": found[0] if found else []})

    def list_tags_for_resource(self):
        [_, name] = self._get_param("ResourceARN").rsplit("/", 1)
        return json.dumps({"ResourceTags": self.backend.tags.get(name, [])})

    create = BudgetsResponse.create_budget

    def create_budget(self):
        tags = self._get_param("ResourceTags", [])
        self.backend.tags[self._get_param("Budget")["BudgetName"]] = tags
        return create(self)

    BudgetsBackend.tags = {}
    BudgetsResponse.describe_subscribers_for_notification = describe_subscribers_for_notification
    BudgetsResponse.list_tags_for_resource = list_tags_for_resource
    BudgetsResponse.create_budget = create_budget


def mend_rules():
    sent = Rule.send_to_targets

    def send_to_targets(self, *rest, **more):
        targets = self.targets
        self.targets = [one for one in targets if parse_arn(one["Arn"]).service != "lambda"]
        try:
            sent(self, *rest, **more)
        finally:
            self.targets = targets

    Rule.send_to_targets = send_to_targets


def mend_what_is_told():
    told = MotoAPIResponse.model_data

    def model_data(self, *rest, **more):
        for service in [one for one in model_instances.model_data if one != "ses"]:
            del model_instances.model_data[service]
        return told(self, *rest, **more)

    MotoAPIResponse.model_data = model_data


default_user_config["lambda"] = {"use_docker": False}
mend_configuration_sets()
mend_identities()
mend_functions()
mend_domains()
mend_budgets()
mend_rules()
mend_what_is_told()

if __name__ == "__main__":
    main()
